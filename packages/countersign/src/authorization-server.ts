import type { Auth, JwtClaims, Lifecycle, ReadyOptions, RouteTable, Stores } from '@countersign/core'
import { joinReadiness } from '@countersign/core'
import type { ClientSettings, Clients, TokenEndpoint } from '@countersign/grants'
import { createClients, createIntrospectionEndpoint, createRevocationEndpoint, createTokenEndpoint } from '@countersign/grants'
import { createIntegrations, type Integrations, type IntegrationsOptions } from '@countersign/integrations'
import { type ApiKeys, createApiKeys, createKeyRegistry, type KeyRegistry } from '@countersign/keys'
import { createNonces, type NonceOptions, type Nonces } from '@countersign/nonce'
import * as verifier from '@countersign/verifier'
import { grantsOf } from './grants.js'
import { countSecrets, type ServerHealth } from './health.js'
import { closeEach, countRequests } from './lifecycle.js'
import { type AuthorizationServerOptions, checkServerOptions, defined, type EndpointDpop, withProofs } from './options.js'
import { pathsOf, routesOf } from './routes.js'
import { fail, requireSecret, secretsFinder } from './secrets.js'

type OwnEntries = { readonly own: verifier.IssuerEntry<JwtClaims>; readonly apiKeys: verifier.IssuerEntry<verifier.ApiKeyClaims> }
/** The server's own entries beside those of `trust`. */
export type WithOwn<Trust extends verifier.Issuers> = OwnEntries & Trust
/** Who was admitted. `via` is `own`, `apiKeys` or a name of `trust`, and narrows the claims. */
export type ServerAuth<Trust extends verifier.Issuers, Via extends string, Claims extends object> = verifier.AuthOfIssuers<
  WithOwn<Trust>,
  Via,
  Claims
>

/** What the server gives to its nonces. */
type OfNonce = 'issuer' | 'store' | 'revocations' | 'now' | 'secrets' | 'signer' | 'keys' | 'algorithm'
/** Options of `nonces`: those of `createNonces`, without what the server knows. */
export type ServerNonceOptions<Purpose extends string> = Pick<NonceOptions<Purpose>, 'lifetimeSeconds' | 'purposes'> &
  Partial<Omit<NonceOptions<Purpose>, OfNonce>>

/** Options of `integrations`: those of `createIntegrations`, without what the server knows. */
export type ServerIntegrationsOptions<A extends Auth> = Omit<IntegrationsOptions<A, ClientSettings>, 'issuer' | 'accounts' | 'clients'>

/** An authorization server and the guard of its API, wired. */
export interface AuthorizationServer<
  Trust extends verifier.Issuers = Record<never, never>,
  Via extends string = never,
  Claims extends object = JwtClaims,
> extends Lifecycle {
  /** For the `routes` of a mount, without a prefix. */
  readonly routes: RouteTable
  readonly guard: verifier.ResourceGuard<WithOwn<Trust>, ServerAuth<Trust, Via, Claims>>
  readonly clients: Clients
  readonly keys: KeyRegistry
  /** Keys that the guard accepts as tokens, each with an owner. None exists before one is made. */
  readonly apiKeys: ApiKeys
  /** The one denylist of all parts. For a further guard of this process, too. */
  readonly revocations: verifier.SharedRevocations
  readonly tokenEndpoint: TokenEndpoint
  readonly stores: Stores
  /** One-time JWTs that end with their client, their credentials and their subject. */
  nonces<const Purpose extends string>(options: ServerNonceOptions<Purpose>): Nonces<Purpose>
  /** Accounts for programs, whose clients are `clients`. */
  integrations<A extends Auth = Auth>(options: ServerIntegrationsOptions<A>): Integrations<A>
  /**
   * Makes the first signing key, and asks every part. Stores are tested for writing. Parts of one name are one part here.
   * Never rejects for a part that is down.
   */
  ready(options?: ReadyOptions): Promise<verifier.IssuerReadiness>
  /** What `ready` says, with counts of what each secret still holds. It reads every client: for operators, not for a route of probes. */
  health(options?: ReadyOptions): Promise<ServerHealth>
  /**
   * Waits at most 5 seconds for requests that have begun, then closes all parts and the stores; rejects with the first error. The guard then answers
   * with an outage, so close the HTTP server first. The host's own pool may be closed before or after.
   */
  close(): Promise<void>
}

/**
 * Wires an authorization server for the API that it is in: clients, keys, token endpoint, revocation, introspection, and a guard that accepts its
 * tokens and those of further issuers. All parts share one denylist. Nothing here is a rule of OAuth: each part can be used without the others.
 *
 * @throws TypeError if an option is missing or wrong
 * @example
 * import { createAuthorizationServer } from 'countersign'
 * import { memoryStores } from '@countersign/core/memory'
 * import { randomBytes } from 'node:crypto'
 *
 * const server = createAuthorizationServer({
 *   issuer: 'https://api.example',
 *   stores: memoryStores(),
 *   masterSecret: { current: { id: '1', secret: randomBytes(32) } },
 *   grants: ['client_credentials'],
 * })
 * console.log((await server.ready()).ok) // → true
 * await server.close()
 */
export function createAuthorizationServer<
  const Trust extends verifier.Issuers = Record<never, never>,
  const Via extends string = never,
  Claims extends object = JwtClaims,
>(options: AuthorizationServerOptions<Trust, Via, Claims>): AuthorizationServer<Trust, Via, Claims> {
  checkServerOptions(options)
  const { issuer, stores, resource = issuer } = options
  const { replay } = stores
  const paths = pathsOf(options)
  const clock = options.now === undefined ? {} : { now: options.now }
  const secretOf = secretsFinder(options.masterSecret, options.secrets)
  const pepper = requireSecret(secretOf('clientPepper'), 'clientPepper')
  const refreshSecrets = secretOf('refreshToken')
  const encryption = secretOf('keyEncryption')
  if (options.keys?.externalSigner === undefined) requireSecret(encryption, 'keyEncryption')
  const grants = grantsOf(options.grants, () => ({ ...options.refreshToken, secrets: requireSecret(refreshSecrets, 'refreshToken') }))

  const revocations = verifier.createSharedRevocations({
    store: stores.revocations,
    subjects: stores.accounts,
    maxStalenessSeconds: 10,
    onStale: 'refuse',
    ...clock,
    ...defined(options.revocations),
  })
  const keys = createKeyRegistry({ ...clock, ...options.keys, issuer, store: stores.keys, revocations, encryption })
  const ofClients = { ...clock, ...options.clients, issuer, store: stores.clients, revocations, pepper, clientKeys: keys.clientKeys }
  const clients = createClients(ofClients)
  const apiKeys = createApiKeys({ ...clock, ...options.apiKeys, issuer, store: stores.keys, revocations, pepper, clients })
  const ownRules = { algorithms: options.keys?.algorithms ?? (['ES256'] as const), ...defined(options.own), issuer, keys: keys.source }
  const ownEntries = { own: verifier.signingKeys({ audience: resource, ...ownRules }), apiKeys: verifier.apiKeys({ keys: apiKeys }) }
  const issuers = { ...options.trust, ...ownEntries } as unknown as WithOwn<Trust>
  const { senderConstraint: bound } = options.guard ?? {}
  const proved = bound?.dpop && { senderConstraint: { ...bound, dpop: { replay, ...defined(bound.dpop) } } }
  const ofGuard = { ...clock, ...options.guard, ...proved }
  const guard = verifier.createGuard<WithOwn<Trust>, Via, Claims>({ ...ofGuard, resource, revocations, issuers })
  // A client may revoke, and a resource server may ask about, tokens for every audience, and they are not used there: nobody proves a key.
  const ofEveryAudience = verifier.signingKeys({ ...ownRules, audience: null })
  const ownTokens = verifier.createVerifier({ ...clock, acceptBoundTokens: true, revocations, issuers: { own: ofEveryAudience } })

  const common = { ...clock, issuer, clients, stores, revocations }
  const ofTokens = { ...common, verifier: ownTokens, ...(refreshSecrets && { refreshSecrets }) }
  const { senderConstraint: _replaced, ...ofTokenEndpoint } = { audience: resource, ...defined(options.tokenEndpoint) }
  const url = options.metadata?.tokenEndpoint ?? (paths.token === false ? '' : new URL(issuer).origin + paths.token)
  const proofs = withProofs<EndpointDpop>(options.tokenEndpoint, { replay, url })
  if (proofs.senderConstraint?.dpop.url === '')
    fail('tokenEndpoint.senderConstraint.dpop.url must be given where paths.token is false, got undefined')
  const tokenEndpoint = createTokenEndpoint({ ...ofTokenEndpoint, ...proofs, ...common, signer: keys.signer, grants })
  const { providers = [] } = options.refreshToken ?? {}
  const revocation = createRevocationEndpoint({ ...options.revocationEndpoint, ...ofTokens, providers })
  const ofIntrospection = { audiencesOf: () => undefined, ...defined(options.introspectionEndpoint) }
  const introspection = createIntrospectionEndpoint({ ...ofIntrospection, ...ofTokens })

  // A server that nobody asks whether it is ready has its first key all the same.
  const started = keys.ready()
  const { counted, drained } = countRequests()
  const { dpopAlgorithms } = tokenEndpoint
  const token = counted((request) => started.then(() => tokenEndpoint(request)))
  const served = { paths, token, revocation: counted(revocation), introspection: counted(introspection), keys, grants, dpopAlgorithms }
  const [algorithm = 'ES256'] = ownRules.algorithms
  const ofNonce = { ...clock, issuer, revocations, store: stores.nonces, signer: keys.signer, keys: keys.source, algorithm }
  const ofNonces: Nonces<string>[] = []

  async function ready(how?: ReadyOptions): Promise<verifier.IssuerReadiness> {
    // The signer of the token endpoint needs the first key.
    const first = await keys.ready()
    const others = [stores.ready(), tokenEndpoint.ready(), guard.ready(how), ...ofNonces.map((nonces) => nonces.ready())]
    return joinReadiness([first, ...(await Promise.all(others))])
  }

  async function health(how?: ReadyOptions): Promise<ServerHealth> {
    return { ...(await ready(how)), secrets: await countSecrets({ keys, clients, apiKeys }, encryption, pepper).catch(() => undefined) }
  }

  const state: { closing?: Promise<void> } = {}

  async function closeAll(): Promise<void> {
    await drained(started)
    await closeEach([guard, ownTokens, revocations, keys, stores])
  }

  const close = (): Promise<void> => (state.closing ??= closeAll())
  return {
    routes: [...routesOf(options, served), ...(guard.metadata ? verifier.protectedResourceMetadata(guard) : [])],
    guard,
    clients,
    keys,
    apiKeys,
    revocations,
    tokenEndpoint,
    stores,
    nonces(given) {
      const nonces = createNonces({ audience: resource, ...given, ...ofNonce })
      ofNonces.push(nonces)
      return nonces
    },
    integrations: (given) => createIntegrations({ ...clock, ...given, issuer, accounts: stores.accounts, clients }),
    ready,
    health,
    close,
    [Symbol.asyncDispose]: close,
  }
}
