import { kind, type OptionKind } from '@countersign/core'
import { decodeBase64url, parseJsonObject } from '@countersign/jwt'
import type { Recognition } from './opaque-tokens.js'

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** RFC 6750 §2.1: what a bearer token may consist of. */
const isPrefix = (value: unknown): boolean => isText(value) && /^[\w.~+/-]{1,64}$/.test(value)
const prefix: OptionKind = kind.satisfying('a string of 1 to 64 characters of a bearer token (RFC 6750 §2.1)', isPrefix)

/** What the option `recognise` must be. */
export const recognitionKind: OptionKind = kind.either(
  kind.members<{ readonly prefix?: string | readonly string[]; readonly jwtIssuer?: string }>({
    prefix: kind.either(prefix, kind.listOf(prefix)),
    jwtIssuer: kind.string,
  }),
  kind.func,
)

/** The prefixes that a recognition names. */
function prefixesOf(recognise: Recognition): readonly string[] {
  return typeof recognise === 'object' && 'prefix' in recognise ? [recognise.prefix].flat() : []
}

/** The `iss` of the JWTs that a recognition names. */
export function jwtIssuerOf(recognise: Recognition): string | undefined {
  return typeof recognise === 'object' && 'jwtIssuer' in recognise ? recognise.jwtIssuer : undefined
}

/** Whether JSON may follow: the header of a JWT is an object, and white space may stand before it. */
function beginsLikeJwt(text: string): boolean {
  const [segment = ''] = text.split(/[^\w-]/, 1)
  // A character is six bits: whether a byte that has begun can fit depends on the next one.
  return Array.from(base64url).some((next) => /^[ \t\r\n]*(?:\{|$)/.test(Buffer.from(segment + next, 'base64url').toString('latin1')))
}

/**
 * Checks what one entry recognises by itself.
 *
 * @param preset - name for messages
 * @throws TypeError for a prefix that the header of a JWT may begin with, or two that begin alike
 */
export function checkRecognition(preset: string, recognise: Recognition): void {
  const [prefixes, jwtIssuer] = [prefixesOf(recognise), jwtIssuerOf(recognise)]
  if (typeof recognise === 'object' && prefixes.length > 0 === (jwtIssuer !== undefined))
    throw new TypeError(`${preset}: recognise must have prefix or jwtIssuer, got ${prefixes.length > 0 ? 'both' : 'neither'}`)
  const like = prefixes.find(beginsLikeJwt)
  if (like !== undefined) throw new TypeError(`${preset}: recognise.prefix must not be how a JWT can begin, got ${JSON.stringify(like)}`)
  const alike = prefixes.find((one, at) => prefixes.some((other, otherAt) => otherAt !== at && other.startsWith(one)))
  if (alike !== undefined) throw new TypeError(`${preset}: recognise.prefix must not begin another one, got ${JSON.stringify(alike)}`)
}

/** An entry that recognises tokens. */
export interface Recogniser {
  readonly via: string
  readonly recognise: Recognition
}

/**
 * Checks that no token belongs to two entries.
 *
 * @param factory - what the message begins with
 * @throws TypeError that names both
 */
export function requireUnambiguous(factory: string, one: Recogniser, others: readonly Recogniser[]): void {
  const clash = (other: Recogniser, what: string): TypeError =>
    new TypeError(`${factory}: issuers.${one.via} must not recognise tokens of issuers.${other.via}, got ${what}`)
  const own = prefixesOf(one.recognise)
  for (const other of others) {
    const same = prefixesOf(other.recognise).find((theirs) => own.some((ours) => ours.startsWith(theirs) || theirs.startsWith(ours)))
    if (same !== undefined) throw clash(other, `the prefix ${JSON.stringify(same)} in both`)
    if (typeof one.recognise === 'function' && typeof other.recognise === 'function') throw clash(other, 'a function in both')
  }
}

function jsonOf(segment: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decodeBase64url(segment)
  const read = bytes && parseJsonObject(bytes)
  return read && 'object' in read ? read.object : undefined
}

/** Whether a token looks like a JWT, and its `iss`. Nothing of it is believed. */
function looksLikeJwt(token: string): { readonly is: boolean; readonly iss?: unknown } {
  const [header = '', payload = '', signature, more] = token.split('.', 4)
  if (signature === undefined || more !== undefined || typeof jsonOf(header)?.alg !== 'string') return { is: false }
  return { is: true, iss: jsonOf(payload)?.iss }
}

/** Finds the entry of a token. Undefined: it belongs to the entries of JWTs. */
export type Recognise<T> = (token: string) => T | undefined

/**
 * Finds entries by the syntax of tokens: by prefix, then JWTs by `iss`, and last by the function of a host, which is never shown a JWT.
 *
 * @param entries - which no token belongs to two of
 */
export function createRecognise<T extends { readonly recognise: Recognition }>(entries: readonly T[]): Recognise<T> {
  const byPrefix = entries.flatMap((entry) => prefixesOf(entry.recognise).map((one) => ({ prefix: one, entry })))
  const byIssuer = new Map<unknown, T>()
  for (const entry of entries) {
    const issuer = jwtIssuerOf(entry.recognise)
    if (issuer !== undefined) byIssuer.set(issuer, entry)
  }
  const last = entries.find(({ recognise }) => typeof recognise === 'function')
  return (token) => {
    const found = byPrefix.find((one) => token.startsWith(one.prefix))
    if (found) return found.entry
    if (byIssuer.size === 0 && last === undefined) return undefined
    const jwt = looksLikeJwt(token)
    if (jwt.is) return byIssuer.get(jwt.iss)
    return typeof last?.recognise === 'function' && last.recognise(token) === true ? last : undefined
  }
}
