import type { RevocationQuery } from './revocation.js'

/**
 * What a token was exchanged for: one item of the private claim `exchanged_from`. Its members are claims of that token, but for
 * `kid`, the name of the key that it was signed with.
 */
export interface TokenOrigin {
  readonly iss: string
  readonly kid?: string
  readonly jti?: string
  readonly sub?: string
  readonly client_id?: string
  /** All texts of its private claims `client_key` and `client_credential`. */
  readonly client_key?: readonly string[]
  readonly refresh_family?: string
  /** Epoch seconds. */
  readonly iat?: number
}

const isText = (value: unknown): value is string => typeof value === 'string'

function originOf(item: unknown): TokenOrigin | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const { iss, iat, client_key: keys, ...rest } = item as Readonly<Record<string, unknown>>
  if (!isText(iss)) return undefined
  const { kid, jti, sub, client_id, refresh_family } = rest
  const texts = Object.entries({ kid, jti, sub, client_id, refresh_family }).filter(([, value]) => isText(value))
  const clientKeys = [keys].flat().filter(isText)
  return {
    iss,
    ...Object.fromEntries(texts),
    ...(clientKeys.length > 0 && { client_key: clientKeys }),
    ...(typeof iat === 'number' && { iat }),
  }
}

/**
 * What a token was exchanged for, as its claim `exchanged_from` says: the token itself last, and what that one was exchanged for
 * before it. What is not of that form is left out.
 *
 * @param claims - as they stand in the token
 */
export function originsOf({ exchanged_from: origins }: Readonly<Record<string, unknown>>): readonly TokenOrigin[] {
  return Array.isArray(origins) ? origins.map(originOf).filter((origin) => origin !== undefined) : []
}

/** What a view of revocations is asked about each of them; undefined for a token that was not exchanged. */
export function originQueries(claims: Readonly<Record<string, unknown>>): readonly RevocationQuery[] | undefined {
  const origins = originsOf(claims)
  if (origins.length === 0) return undefined
  return origins.map(({ iss, kid, jti, sub, client_id, client_key = [], refresh_family, iat }) => ({
    issuer: iss,
    kid,
    thumbprint: undefined,
    jti,
    subject: sub,
    clientId: client_id,
    clientKeys: client_key,
    family: refresh_family,
    issuedAt: iat,
  }))
}
