import { type Now, requireOptionNames, type SignerSource } from '@countersign/core'
import type { Announcer } from './announce.js'
import type { Audit } from './audit.js'
import type { Client } from './client.js'
import type { Clients } from './clients.js'
import type { Grant, Granted, GrantStores } from './grant.js'
import type { RateLimits } from './rate-limits.js'
import { rfc6749, type TokenDialect } from './token-dialect.js'

/** Who is about to get a token. */
export type Grantee = Pick<Granted, 'subject' | 'isPerson' | 'scopes' | 'audiences' | 'authentication'> & { readonly client: Client }

/** Options of `createTokenEndpoint`. */
export interface TokenEndpointOptions {
  /** Our own `iss`; never taken from the request. */
  readonly issuer: string
  readonly signer: SignerSource
  readonly stores: GrantStores
  readonly clients: Clients
  readonly grants: readonly Grant[]
  /** `aud` of clients without audiences of their own; the first one is used where a request asks for none. */
  readonly audience: string | readonly string[]
  /** @defaultValue 900 */
  readonly accessTokenSeconds?: number
  /** Further claims of an access token; reserved ones are a TypeError. */
  readonly claims?: (grantee: Grantee) => Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>
  /** Whether a subject may still get tokens: asked right before signing, at every refresh too. @defaultValue always */
  readonly isActive?: (grantee: Grantee) => boolean | Promise<boolean>
  /**
   * What `createSharedRevocations` gives: what was revoked gives no token any more, and the end of a chain is announced whose
   * refresh token was used twice. A `RevocationStore` or a function of the host's is told, but not asked.
   * @defaultValue refresh tokens of a subject outlive its revocation, access tokens the end of their chain
   */
  readonly revocations?: Announcer
  /** Whether every token has to be on record before it is issued. @defaultValue events tell, and keep nobody waiting */
  readonly audit?: Audit
  /** @defaultValue `rfc6749` */
  readonly dialect?: TokenDialect
  /** Whether a JSON body will do as well. @defaultValue false */
  readonly json?: boolean
  /** Id of the registered public client that requests belong to which identify none. @defaultValue none */
  readonly anonymousClient?: string
  /** @defaultValue the budgets of {@link RateLimits}; `false`: none */
  readonly rateLimits?: RateLimits | false
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  readonly randomUUID?: () => string
}

/** Options that were checked. */
export interface CheckedOptions {
  readonly audiences: readonly string[]
  readonly grants: ReadonlyMap<string, Grant>
  readonly accessTokenSeconds: number
  readonly dialect: TokenDialect
}

function fail(message: string): never {
  throw new TypeError(`createTokenEndpoint: ${message}`)
}

const optionNames: readonly string[] = Object.keys({
  issuer: true,
  signer: true,
  stores: true,
  clients: true,
  grants: true,
  audience: true,
  accessTokenSeconds: true,
  claims: true,
  isActive: true,
  revocations: true,
  audit: true,
  dialect: true,
  json: true,
  anonymousClient: true,
  rateLimits: true,
  now: true,
  randomUUID: true,
} satisfies Record<keyof TokenEndpointOptions, true>)

const isGrant = (grant: Grant | undefined): boolean => typeof grant?.type === 'string' && typeof grant.validate === 'function'
const isLife = (seconds: number): boolean => Number.isFinite(seconds) && seconds >= 1

/** @throws TypeError if an option is missing or wrong */
export function checkOptions(options: TokenEndpointOptions): CheckedOptions {
  requireOptionNames('createTokenEndpoint', options, optionNames)
  const { issuer, signer, stores, clients, grants, audience, accessTokenSeconds = 900, dialect = rfc6749 } = options
  // It becomes the realm of a challenge.
  if (typeof issuer !== 'string' || !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(issuer)) fail('issuer is required, a URL')
  if (typeof signer?.current !== 'function') fail('signer is required')
  if (typeof stores?.attempts?.reserve !== 'function') fail('stores is required')
  if (typeof clients?.authenticate !== 'function') fail('clients is required')
  if (clients.issuers?.includes(issuer) === false) fail('clients end the tokens of other issuers: createClients({ issuer })')
  if (!(grants?.length > 0)) fail('grants names at least one')
  if (!grants.every(isGrant)) fail('grants has something that is no grant: call its factory, and spread what passwordGrants returns')
  const byType = new Map<string, Grant>(grants.map((grant) => [grant.type, grant]))
  if (byType.size < grants.length) fail('two grants have one type')
  if (grants.some(({ needsKeys }) => needsKeys === true) && clients.keys === undefined)
    fail('a grant needs the keys of clients: createClients({ keys })')
  const { audit } = options
  if (audit !== undefined && (audit.policy !== 'required' || typeof audit.write !== 'function'))
    fail("audit is { policy: 'required', write }")
  const audiences = [audience].flat()
  if (audiences.length === 0 || audiences.some((one) => typeof one !== 'string' || one === '')) fail('audience is required')
  if (!isLife(accessTokenSeconds) || !grants.every((grant) => isLife(grant.accessTokenSeconds ?? 1)))
    fail('accessTokenSeconds is 1 or more')
  return { audiences, grants: byType, accessTokenSeconds, dialect }
}
