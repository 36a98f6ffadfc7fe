import { type Now, type Reason, wallClock } from '@countersign/core'
import { type ForgedParts, forgeToken, rawSigner, type SignInput } from './signed-token.js'
import { renameKey, type TestKey, testKeys } from './test-keys.js'

/** A token that must be refused, as data. */
export interface MalformedToken {
  /** A sentence part: what is wrong with it. Unique in its family. */
  readonly name: string
  readonly family: MalformedFamily
  readonly token: string
  /** What a verifier of this suite may say of it. */
  readonly reasons: readonly Reason[]
  /** False: an HTTP header does not carry it unchanged, so only a verifier can be given it. */
  readonly carriedByHttp: boolean
}

/** Families of malformed tokens. */
export type MalformedFamily = 'segments' | 'header' | 'algorithm' | 'claims' | 'audience and issuer' | 'signature' | 'key confusion' | 'use'

/** A valid token, taken apart, and the means to make tokens that differ from it in one thing. */
export interface ValidToken {
  readonly token: string
  readonly segments: readonly [header: string, payload: string, signature: string]
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** The key that signed it, which the verifier trusts. */
  readonly key: TestKey
  /** Signs with that key. */
  readonly sign: SignInput
  /** A key of the same type that nobody trusts, under the name of the trusted one. */
  readonly stranger: TestKey
  readonly nowSeconds: number
  /** A token with these parts, signed with the trusted key unless told otherwise. */
  forge(parts: Partial<ForgedParts>, sign?: SignInput): string
}

/** Options of {@link takeApart}. */
export interface TakeApartOptions {
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/**
 * Takes a valid token apart.
 *
 * @param token - a compact JWS that `key` signed
 * @throws TypeError if it is not one
 */
export function takeApart(token: string, key: TestKey, options: TakeApartOptions = {}): ValidToken {
  const [header, payload, signature, ...rest] = token.split('.')
  if (!header || !payload || !signature || rest.length > 0) throw new TypeError('the valid token must have three segments')
  const parsed = { header: parseSegment(header), payload: parseSegment(payload) }
  const sign = rawSigner(key, key.alg)
  return {
    token,
    segments: [header, payload, signature],
    header: parsed.header,
    claims: parsed.payload,
    key,
    sign,
    stranger: strangerOf(key),
    nowSeconds: (options.now ?? wallClock)() / 1000,
    forge: (parts, signInput = sign) => forgeToken({ ...parsed, ...parts }, signInput),
  }
}

function parseSegment(segment: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'))
}

function strangerOf(key: TestKey): TestKey {
  const { kty, crv, n, x } = key.jwk
  const { weakRsa, ...usable } = testKeys
  const other = Object.values(usable).find(({ jwk }) => jwk.kty === kty && jwk.crv === crv && (jwk.n !== n || jwk.x !== x))
  if (!other) throw new TypeError(`the test keys must have a second key of the type of ${key.kid}`)
  return renameKey(other, { kid: key.kid, alg: key.alg })
}

/** Makes rows of one family. */
export function familyOf(
  family: MalformedFamily,
): (name: string, reasons: readonly Reason[], token: string, carriedByHttp?: boolean) => MalformedToken {
  return (name, reasons, token, carriedByHttp = true) => ({ name, family, token, reasons, carriedByHttp })
}

/** Text of a JSON object with one member given as text, so that it need not be what `JSON.stringify` writes. */
export function withRawMember(object: Readonly<Record<string, unknown>>, name: string, text: string): string {
  const { [name]: _, ...rest } = object
  return `{${JSON.stringify(name)}:${text},${JSON.stringify(rest).slice(1)}`
}

/** The object without some members. */
export function without(object: Readonly<Record<string, unknown>>, ...names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
}

/** Replaces the last character by one that decodes to the same bytes: its unused bits are set. */
export function withUnusedBits(segment: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  if (segment.length % 4 === 0) throw new TypeError('the segment must have unused bits')
  return segment.slice(0, -1) + alphabet[alphabet.indexOf(segment.at(-1) as string) + 1]
}

/** The content padded with spaces, so that its base64url has unused bits at the end. */
export function paddedJson(object: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(object)
  return Buffer.byteLength(text) % 3 === 0 ? `${text} ` : text
}
