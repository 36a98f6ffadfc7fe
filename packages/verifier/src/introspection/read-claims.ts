import { hasOwn, type Refusal, refuse } from '@countersign/core'
import { type ParsedClaims, parseClaims } from '@countersign/jwt'
import type { IntrospectionAnswer } from './introspect.js'

/** RFC 6749 §7.1: types of access tokens that a guard can check. */
const tokenTypes: readonly string[] = ['bearer', 'dpop']
/** Names that servers give to access tokens in `token_use`. */
const accessUses: readonly string[] = ['access', 'access_token']
/** Names of tokens that are none for an API, in the `typ` of servers that show it. */
const otherTypes: readonly string[] = ['refresh', 'refresh_token', 'offline', 'id', 'id_token', 'logout', 'refresh+jwt', 'logout+jwt']

const inactive = refuse('inactive')
const unbound = refuse('confirmation', { detail: { expected: 'cnf with token_type DPoP', received: 'no cnf' } })
const otherToken = (expected: string, name: string, received: unknown): Refusal =>
  refuse('token_type', {
    detail: { expected, received: typeof received === 'string' ? `${name} ${received}` : `${name} that is not a string` },
  })

function lower(value: unknown): string | undefined {
  return typeof value === 'string' ? value.toLowerCase() : undefined
}

/** Servers tell of refresh tokens too: such a token must not open an API. */
function validateType({ token_type, token_use, typ, cnf }: IntrospectionAnswer): Refusal | undefined {
  if (token_type !== undefined && !tokenTypes.includes(lower(token_type) ?? ''))
    return otherToken('token_type Bearer or DPoP', 'token_type', token_type)
  if (token_use !== undefined && !accessUses.includes(lower(token_use) ?? ''))
    return otherToken('token_use access_token', 'token_use', token_use)
  if (otherTypes.includes(lower(typ) ?? '')) return otherToken('an access token', 'typ', typ)
  // Without `cnf`, a token that only its type calls bound would be good without the key.
  return lower(token_type) === 'dpop' && cnf === undefined ? unbound : undefined
}

/** What stands as null is not said. */
function withoutNulls(answer: IntrospectionAnswer): IntrospectionAnswer {
  return Object.values(answer).includes(null) ? Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== null)) : answer
}

/** A server that does not say when a token ends is asked again as often as for all others. */
function withExpiry(claims: ParsedClaims): ParsedClaims {
  if (claims.exp !== undefined) return claims
  return Object.freeze(Object.assign(Object.create(null) as object, claims, { exp: Number.POSITIVE_INFINITY }))
}

/**
 * Reads what an endpoint said of a token.
 *
 * @param issuer - of the entry
 * @returns the claims, or a refusal: `inactive`, `token_type`, `confirmation`, `claims`, `unknown_issuer`
 * @throws Error if the answer is none: `active` must be a boolean (RFC 7662 §2.2)
 */
export function readClaims(answer: IntrospectionAnswer, issuer: string): { readonly claims: ParsedClaims } | { readonly refusal: Refusal } {
  const { active } = answer
  if (typeof active !== 'boolean')
    throw new Error(
      `the introspection endpoint must answer with active: true or false, got ${active === undefined ? 'nothing' : `a ${typeof active}`}`,
    )
  if (!active) return { refusal: inactive }
  const said = { iss: issuer, ...withoutNulls(answer) }
  const read = parseClaims({ payload: Buffer.from(JSON.stringify(said)) })
  if (hasOwn(read, 'refusal')) return { refusal: read.refusal }
  const { claims } = read
  const refusal = validateType(said)
  if (refusal) return { refusal }
  if (claims.iss !== issuer) return { refusal: refuse('unknown_issuer', { detail: { expected: issuer, received: String(claims.iss) } }) }
  return { claims: withExpiry(claims) }
}
