import { kind, type Now, type OptionKind, type OptionShape } from '@countersign/core'
import { type CertificateOptions, certificateShape } from '@countersign/jwt/certificate'
import type { Clients } from '../clients/clients.js'
import { type RateLimits, rateLimitsKind } from '../limits/budget.js'
import type { TokenDialect } from './reply.js'

/** Options of every endpoint that authenticates clients. */
export interface ClientEndpointOptions {
  /** Our own `iss`; never taken from the request. */
  readonly issuer: string
  readonly clients: Clients
  /** @defaultValue `rfc6749` */
  readonly dialect?: TokenDialect
  /** @defaultValue the budgets of {@link RateLimits}; `false`: none */
  readonly rateLimits?: RateLimits | false
  /**
   * Where TLS certificates of clients are read: for `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 §2), and to bind access tokens to them.
   * @defaultValue they are not read, and clients cannot authenticate by them
   */
  readonly certificate?: CertificateOptions
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

// It becomes the realm of a challenge.
const isIssuer = (value: unknown): boolean => typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)

/** Stores of a token endpoint, by the method that each must have. */
export function storesKind(methods: Readonly<Record<string, string>>): OptionKind {
  const names = Object.entries(methods)
  const has = (stores: object, [store, method]: readonly [string, string]): boolean =>
    typeof (stores as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>)[store]?.[method] === 'function'
  return kind.satisfying(
    `an object of stores, for instance memoryStores() or redisStores(…), with ${Object.keys(methods).join(', ')}`,
    (value) => typeof value === 'object' && value !== null && names.every((name) => has(value, name)),
  )
}

/** What each of the options must be that all endpoints have which authenticate clients. */
export const clientEndpointShape: OptionShape<ClientEndpointOptions> = {
  issuer: kind.required(kind.satisfying('a URL without spaces and quotes', isIssuer)),
  clients: kind.required(kind.having('what createClients returns', 'authenticate')),
  dialect: kind.having('a dialect: an object with success(), challenge() and refusal()', 'success', 'challenge', 'refusal'),
  rateLimits: rateLimitsKind,
  certificate: kind.members<CertificateOptions>(certificateShape),
  now: kind.func,
}
