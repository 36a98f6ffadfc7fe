import { type Auth, type JwtClaims, type Refusal, refuse, shownValue, splitScope } from '@countersign/core'
import { checkAudience, checkTimes, type Jws, normalizeType, type ParsedClaims } from '@countersign/jwt'
import type { IssuerRule } from '../issuers/issuer-entry.js'
import type { TrustedIssuer } from '../issuers/trust.js'
import { confirmationOf, type Provable, validateConfirmation } from './confirmation.js'
import { bounded } from './verdict.js'

/** What may have changed since a token was verified: its times. `now` in epoch seconds. */
export function validateTimes(claims: ParsedClaims, rule: IssuerRule, now: number): Refusal | undefined {
  const { toleranceSeconds, maxAgeSeconds, maxFutureIssuedSeconds } = rule
  return checkTimes(claims, { now, toleranceSeconds, maxAgeSeconds, maxFutureIssuedSeconds })
}

function validateType(jws: Jws | undefined, rule: IssuerRule): Refusal | undefined {
  if (rule.types === null) return undefined
  const type = normalizeType(jws?.header.typ)
  if (rule.types.includes(type)) return undefined
  return refuse('token_type', { detail: { expected: bounded(rule.types.join(' ')), received: bounded(type) } })
}

function validateAudience(claims: ParsedClaims, rule: IssuerRule): Refusal | undefined {
  return rule.audience === null ? undefined : checkAudience(claims, rule.audience)
}

function validateIssuerRule(claims: ParsedClaims, rule: IssuerRule): Refusal | undefined {
  const unmet = rule.validate?.(claims)
  if (unmet === undefined) return undefined
  const { expected = '', received } = unmet
  return refuse('issuer_rule', { detail: { expected: bounded(expected), ...(received !== undefined && { received: bounded(received) }) } })
}

/** What the claims of a token are validated with, beside the rule of the issuer. */
interface ClaimsContext {
  /** Epoch seconds. */
  readonly now: number
  /** What a token may be bound to. */
  readonly provable: Provable
}

/**
 * Validates the claims of a token whose signature is good, in a fixed order.
 *
 * @param jws - undefined for a token that is none
 */
export function validateClaims(
  jws: Jws | undefined,
  claims: ParsedClaims,
  rule: IssuerRule,
  { now, provable }: ClaimsContext,
): Refusal | undefined {
  return (
    validateTimes(claims, rule, now) ??
    validateAudience(claims, rule) ??
    validateType(jws, rule) ??
    validateIssuerRule(claims, rule) ??
    validateConfirmation(claims, rule, provable)
  )
}

const registered: readonly string[] = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'cnf']

function isData(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Array.isArray(value)
}

/** Objects of the host's that are more than data, such as dates or instances of its classes, stay as they are. */
function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || !isData(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
}

/** The claims that a Standard Schema has issues with: names only, for what stands there and the schema's messages may be personal. */
function faultyClaims(issues: readonly unknown[]): string {
  const names = issues.map((issue) => {
    const { path } = (issue ?? {}) as { readonly path?: readonly unknown[] }
    const first = path?.[0]
    const name = typeof first === 'object' && first !== null && 'key' in first ? first.key : first
    return typeof name === 'string' ? name : undefined
  })
  return [...new Set(names.filter((name) => name !== undefined))].join(', ')
}

/**
 * Asks the schema of the issuer entry, if there is one.
 *
 * @returns the claims with what the schema put out laid over them, or a refusal
 */
export async function applySchema(
  claims: JwtClaims,
  schema: NonNullable<IssuerRule['schema']>,
): Promise<{ claims: JwtClaims } | { refusal: Refusal }> {
  const result = await schema['~standard'].validate(claims)
  if (result.issues) return { refusal: refuse('schema', { detail: { expected: bounded(`schema: ${faultyClaims(result.issues)}`) } }) }
  if (typeof result.value !== 'object' || result.value === null || Array.isArray(result.value))
    throw new TypeError('the schema of an issuer entry must put out an object')
  const output = Object.entries(result.value).filter(([name]) => !registered.includes(name))
  const merged: JwtClaims = Object.assign(Object.create(null) as object, claims)
  for (const [name, value] of output) Object.defineProperty(merged, name, { value, enumerable: true, configurable: true, writable: true })
  deepFreeze(merged)
  return { claims: merged }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** The client under each of the names that issuers use: RFC 9068, OpenID Connect, Okta, Entra v1. */
function clientOf(claims: ParsedClaims): string | undefined {
  return text(claims.client_id) ?? text(claims.azp) ?? text(claims.cid) ?? text(claims.appid)
}

const isTextList = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((one) => typeof one === 'string')

function scopesOf(claims: JwtClaims, { scopes }: IssuerRule): readonly string[] {
  if (scopes === undefined) return Object.freeze(scopesAsSaid(claims))
  const read = scopes(claims)
  // Taken apart, a text would be a list of letters.
  if (!isTextList(read)) throw new TypeError(`scopes of an issuer entry must return an array of strings, got ${shownValue(read)}`)
  return Object.freeze([...read])
}

/** A new list. */
function scopesAsSaid(claims: JwtClaims): string[] {
  const said = claims.scope ?? claims.scp
  if (typeof said === 'string') return splitScope(said)
  return Array.isArray(said) ? said.filter((scope): scope is string => typeof scope === 'string') : []
}

/**
 * What a verified token says, frozen.
 *
 * @param claims - with what the schema of the issuer entry laid over them
 * @param said - as they stand in the token
 */
export function authFrom(claims: JwtClaims, said: ParsedClaims, trusted: TrustedIssuer, names: Pick<Auth, 'kid' | 'credentialId'>): Auth {
  const confirmation = confirmationOf(said)
  return Object.freeze({
    via: trusted.via,
    issuer: trusted.issuer,
    claims,
    subject: claims.sub,
    clientId: clientOf(said),
    scopes: scopesOf(claims, trusted.rule),
    expiresAt: claims.exp,
    ...names,
    ...(confirmation && { confirmation }),
  })
}
