import {
  checkOptions as checkEach,
  kind,
  type OptionShape,
  type RevocationPublisher,
  type SignerSource,
  shownValue,
} from '@countersign/core'
import { type DpopOptions, dpopShape } from '@countersign/jwt/dpop'
import { publisherKind } from '../announce-revocation.js'
import { type ClientEndpointOptions, clientEndpointShape, storesKind } from '../endpoint/endpoint-options.js'
import { rfc6749, type TokenDialect } from '../endpoint/reply.js'
import { accessTokenLifetimeKind, type Grant, type Grantee, type GrantStores } from '../grants/grant.js'
import type { Audit } from './audit.js'

/** Options of `createTokenEndpoint`. */
export interface TokenEndpointOptions extends ClientEndpointOptions {
  readonly signer: SignerSource
  readonly stores: GrantStores
  readonly grants: readonly Grant[]
  /** `aud` of clients without audiences of their own; the first one is used where a request asks for none. */
  readonly audience: string | readonly string[]
  /** @defaultValue 900 */
  readonly accessTokenLifetimeSeconds?: number
  /** Further claims of an access token; reserved ones are a TypeError. */
  readonly claims?: (grantee: Grantee) => Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>
  /** Whether a subject may still get tokens: asked right before signing, at every refresh too. @defaultValue always */
  readonly isActive?: (grantee: Grantee) => boolean | Promise<boolean>
  /**
   * What `createSharedRevocations` gives: what was revoked gives no token any more, and the end of a family is announced whose
   * refresh token was used twice. A `RevocationStore` or a function of the host's is told, but not asked.
   * @defaultValue refresh tokens of a subject outlive its revocation, access tokens the end of their family
   */
  readonly revocations?: RevocationPublisher
  /** Whether every token has to be on record before it is issued. @defaultValue events tell, and keep nobody waiting */
  readonly audit?: Audit
  /** Whether a JSON body is accepted too. @defaultValue false */
  readonly json?: boolean
  /** Id of the registered public client that is used when a request names no client. @defaultValue none */
  readonly anonymousClient?: string
  readonly randomUUID?: () => string
  /** Binds access tokens to the key of a DPoP proof (RFC 9449 §5). @defaultValue proofs are not looked at */
  readonly senderConstraint?: { readonly dpop: EndpointDpopOptions }
}

/** How a token endpoint checks DPoP proofs. */
export interface EndpointDpopOptions extends DpopOptions {
  /** The whole URL of the token endpoint, as clients see it. */
  readonly url: string
}

/** Options that were checked. */
export interface CheckedOptions {
  readonly audiences: readonly string[]
  readonly grants: ReadonlyMap<string, Grant>
  readonly accessTokenLifetimeSeconds: number
  readonly dialect: TokenDialect
}

function fail(message: string): never {
  throw new TypeError(`createTokenEndpoint: ${message}`)
}

const isGrant = (value: unknown): boolean => {
  const { type, validate } = (value ?? {}) as Partial<Grant>
  return typeof type === 'string' && typeof validate === 'function'
}
const isAudit = (value: unknown): boolean => {
  const { policy, write } = (value ?? {}) as Partial<Audit>
  return (policy === 'required' || policy === 'optional') && typeof write === 'function'
}
const httpUrl = kind.satisfying('an http(s) URL', (value) => typeof value === 'string' && URL.canParse(value) && /^https?:/i.test(value))
const grantKind = kind.satisfying(
  'a grant: call its factory, as in clientCredentials(), and spread the list that passwordGrants(…) returns',
  isGrant,
)

/** What each of the options of `createTokenEndpoint` must be, for a factory that hands them on. */
export const tokenEndpointShape: OptionShape<TokenEndpointOptions> = {
  ...clientEndpointShape,
  signer: kind.required(kind.having('a source of signers, for instance keys.signer of a key registry', 'current')),
  stores: kind.required(storesKind({ attempts: 'reserve', replay: 'claim', families: 'rotate', challenges: 'put' })),
  grants: kind.required({ ...kind.listOf(grantKind), must: 'a non-empty array of grants' }),
  audience: kind.required(kind.strings),
  accessTokenLifetimeSeconds: accessTokenLifetimeKind,
  claims: kind.func,
  isActive: kind.func,
  revocations: publisherKind,
  audit: kind.satisfying(
    'an object with policy ("required" or "optional") and the function write, for instance what auditTo(store) returns',
    isAudit,
  ),
  json: kind.flag,
  anonymousClient: kind.string,
  randomUUID: kind.func,
  senderConstraint: kind.members<NonNullable<TokenEndpointOptions['senderConstraint']>>({
    dpop: kind.required(kind.members<EndpointDpopOptions>({ ...dpopShape, url: kind.required(httpUrl) })),
  }),
}

/** @throws TypeError if an option is missing or wrong */
export function checkOptions(options: TokenEndpointOptions): CheckedOptions {
  checkEach('createTokenEndpoint', options, tokenEndpointShape)
  const { issuer, clients, grants, accessTokenLifetimeSeconds = 900, dialect = rfc6749 } = options
  if (clients.issuers?.includes(issuer) === false)
    fail(
      `issuer must be one of createClients({ issuer }), because a lock revokes the tokens of those issuers, got ${JSON.stringify(issuer)}`,
    )
  const byType = new Map<string, Grant>(grants.map((grant) => [grant.type, grant]))
  const again = grants.find(({ type }, at) => grants.findIndex((one) => one.type === type) < at)
  if (again !== undefined) fail(`grants must not have a duplicate type, got ${JSON.stringify(again.type)} twice`)
  if (grants.some(({ needsKeys }) => needsKeys === true) && clients.clientKeys === undefined)
    fail('clients must have clientKeys because a grant checks JWTs that clients sign, got createClients() without the option clientKeys')
  for (const [at, { accessTokenLifetimeSeconds: own = 1 }] of grants.entries()) {
    if (!(Number.isFinite(own) && own >= 1))
      fail(`grants[${at}].accessTokenLifetimeSeconds must be a number of seconds, 1 or more, got ${shownValue(own)}`)
  }
  return { audiences: [options.audience].flat(), grants: byType, accessTokenLifetimeSeconds, dialect }
}
