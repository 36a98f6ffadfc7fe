import { kind, type OptionKind, type OptionShape } from '@countersign/core'
import { rateLimitsKind } from '../authentication/rate-limits.js'
import type { TokenEndpointOptions } from './token-endpoint-options.js'

// It becomes the realm of a challenge.
const isIssuer = (value: unknown): boolean => typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)

/** How long an access token lives. */
export const accessTokenSecondsKind: OptionKind = kind.number({ unit: 'seconds', least: 1 })

/** Stores of a token endpoint, by the method that each must have. */
export function storesKind(methods: Readonly<Record<string, string>>): OptionKind {
  const names = Object.entries(methods)
  const has = (stores: object, [store, method]: readonly [string, string]): boolean =>
    typeof (stores as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>)[store]?.[method] === 'function'
  return kind.satisfying(
    `stores, for instance memoryStores() or redisStores(…), with ${Object.keys(methods).join(', ')}`,
    (value) => typeof value === 'object' && value !== null && names.every((name) => has(value, name)),
  )
}

/** What revokes: it announces the end of tokens. */
export const announcerKind: OptionKind = kind.having('what createSharedRevocations returns, or a RevocationStore', 'revoke')

/** What the endpoints have in common that authenticate clients. */
export const clientEndpointShape: OptionShape<Pick<TokenEndpointOptions, 'issuer' | 'clients' | 'dialect' | 'rateLimits' | 'now'>> = {
  issuer: kind.required(kind.satisfying('a URL without spaces and quotes', isIssuer)),
  clients: kind.required(kind.having('what createClients returns', 'authenticate')),
  dialect: kind.having('a dialect: an object with success(), challenge() and refusal()', 'success', 'challenge', 'refusal'),
  rateLimits: rateLimitsKind,
  now: kind.func,
}
