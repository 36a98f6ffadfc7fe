import type { JwtClaims, Now, OptionKind, OptionShape, SecretsOption, Stores } from '@countersign/core'
import { checkOptions, kind } from '@countersign/core'
import * as grants from '@countersign/grants'
import * as keys from '@countersign/keys'
import * as verifier from '@countersign/verifier'
import { type GrantName, grantNames } from './grants.js'
import { fail, type ServerSecrets, serverSecretsShape } from './secrets.js'

/** Where the routes are, each at a path of its own, as clients see it: the mount must not add a prefix. `false` leaves a route out. */
export interface ServerPaths {
  /** @defaultValue the path of the issuer, with `/token` */
  readonly token?: string | false
  /** RFC 7009. @defaultValue with `/revoke` */
  readonly revocation?: string | false
  /** RFC 7662. @defaultValue with `/introspect` */
  readonly introspection?: string | false
  /** RFC 7517 §5. @defaultValue with `/.well-known/jwks.json` */
  readonly jwks?: string | false
  /** RFC 8414 §3.1. @defaultValue `/.well-known/oauth-authorization-server`, followed by the path of the issuer */
  readonly metadata?: string | false
}

/** What the server itself gives to its parts. */
type Given = 'issuer' | 'store' | 'stores' | 'clients' | 'revocations' | 'now'
/** Further options of a part. */
type Of<Options, More extends string = never> = Partial<Omit<Options, Given | More>>

/** Options of a part that binds tokens to the keys of DPoP proofs (RFC 9449), or checks that they are. */
type Proving<Dpop> = { readonly senderConstraint?: { readonly dpop: Dpop } }
/** How proofs are checked at the token endpoint. */
export type EndpointDpop = NonNullable<grants.TokenEndpointOptions['senderConstraint']>['dpop']

/** Options of {@link createAuthorizationServer}. Those of a part are the ones of its own factory, with the same defaults. */
export interface AuthorizationServerOptions<
  Trust extends verifier.Issuers = verifier.Issuers,
  Via extends string = never,
  Claims extends object = JwtClaims,
> {
  /** Our own `iss` (RFC 8414 §2): an https URL without query and fragment; http is for development. */
  readonly issuer: string
  /** For instance `memoryStores()`. `close` closes them too. */
  readonly stores: Stores
  /** One secret of 32 bytes or more, from which the others are derived with its ids (HKDF, RFC 5869). A string counts as its UTF-8 bytes. */
  readonly masterSecret?: SecretsOption
  /** Secrets of their own; they win over `masterSecret`. */
  readonly secrets?: ServerSecrets
  /** What the token endpoint grants: names, or grants made by their factories. The password grant has no name. */
  readonly grants: readonly (GrantName | grants.Grant)[]
  /** Further issuers whose tokens the guard accepts, by the names that `auth.via` gives. The server's own tokens have the name `own`, and API keys `apiKeys`. */
  readonly trust?: Trust
  /** The identifier of this API: `aud` of the tokens, and what the guard demands. @defaultValue `issuer` */
  readonly resource?: string
  readonly paths?: ServerPaths
  /** @defaultValue `{ maxStalenessSeconds: 10, onStale: 'refuse' }` */
  readonly revocations?: Partial<Omit<verifier.SharedRevocationsOptions, 'store' | 'subjects' | 'now'>>
  readonly keys?: Of<keys.KeyRegistryOptions, 'encryption'>
  readonly clients?: Of<grants.ClientsOptions, 'pepper' | 'clientKeys'>
  /** Keys of clients, people and entities, which the guard accepts under the name `apiKeys`. Their hashes are keyed as those of the secrets of clients. */
  readonly apiKeys?: Of<keys.ApiKeysOptions, 'pepper'>
  /** With `senderConstraint.dpop`: `url` is what the metadata says, `replay` is that of `stores`, here and at `guard`, and the metadata tells the algorithms. */
  readonly tokenEndpoint?: Of<grants.TokenEndpointOptions, 'signer' | 'grants' | 'senderConstraint'> & Proving<Partial<EndpointDpop>>
  /** Of the grant that has the name `refresh_token`. */
  readonly refreshToken?: Of<grants.RefreshTokenOptions, 'secrets'>
  readonly revocationEndpoint?: Of<grants.RevocationEndpointOptions, 'verifier' | 'refreshSecrets' | 'providers'>
  /** Without `audiencesOf` a client sees only its own tokens. */
  readonly introspectionEndpoint?: Of<grants.IntrospectionEndpointOptions, 'verifier' | 'refreshSecrets'>
  /** What the metadata says beside what the server knows, or in place of it. */
  readonly metadata?: Partial<Omit<grants.AuthorizationServerMetadata, 'issuer' | 'grants'>>
  /** Rules for the server's own tokens at the guard. @defaultValue `audience` is `resource` */
  readonly own?: Of<verifier.SigningKeysOptions, 'keys'>
  readonly guard?: Of<verifier.GuardOptions<verifier.Issuers, Via, Claims>, 'issuers' | 'resource'>
  /** Epoch milliseconds, for all parts. @defaultValue `Date.now` */
  readonly now?: Now
}

const { senderConstraint } = grants.tokenEndpointShape
const dpop = kind.required(kind.partial(senderConstraint.members?.dpop?.members ?? {}))
const ofDpop: OptionKind = { ...senderConstraint, members: { dpop } }
const given = ['issuer', 'store', 'stores', 'clients', 'revocations', 'now']
const isPath = (value: unknown): boolean => value === false || (typeof value === 'string' && /^\/[^\s?#:]*$/.test(value))
const path = kind.satisfying('a path such as "/token", or false', isPath)
const isIssuer = (value: unknown): boolean => typeof value === 'string' && URL.canParse(value) && /^https?:\/\/[^\s?#"\\]+$/.test(value)
const names: readonly (keyof Stores)[] = ['replay', 'nonces', 'families', 'attempts', 'clients', 'keys', 'accounts', 'revocations', 'audit']
const isStores = (value: unknown): boolean => names.every((name) => typeof (value as Partial<Stores> | null)?.[name] === 'object')
const isGrant = (value: unknown): boolean => typeof (value as Partial<grants.Grant> | null)?.validate === 'function'

const shape: OptionShape<AuthorizationServerOptions> = {
  issuer: kind.required(kind.satisfying('an http(s) URL without query and fragment', isIssuer)),
  stores: kind.required(kind.satisfying('stores, for instance memoryStores() or redisStores(…)', isStores)),
  masterSecret: kind.secrets,
  secrets: kind.members<ServerSecrets>(serverSecretsShape),
  grants: kind.required(
    kind.listOf(kind.either(kind.oneOf(...grantNames), kind.satisfying('a grant, for instance what tokenExchange(…) returns', isGrant))),
  ),
  trust: kind.optional(verifier.guardShape.issuers),
  resource: kind.string,
  paths: kind.members<ServerPaths>({ token: path, revocation: path, introspection: path, jwks: path, metadata: path }),
  revocations: kind.partial(verifier.sharedRevocationsShape, 'store', 'subjects', 'now'),
  keys: kind.partial(keys.keyRegistryShape, ...given, 'encryption'),
  clients: kind.partial(grants.clientsShape, ...given, 'pepper', 'clientKeys'),
  apiKeys: kind.partial(keys.apiKeysShape, ...given, 'pepper'),
  tokenEndpoint: kind.partial({ ...grants.tokenEndpointShape, senderConstraint: ofDpop }, ...given, 'signer', 'grants'),
  refreshToken: kind.partial(grants.refreshTokenShape, 'secrets'),
  revocationEndpoint: kind.partial(grants.revocationEndpointShape, ...given, 'verifier', 'refreshSecrets', 'providers'),
  introspectionEndpoint: kind.partial(grants.introspectionEndpointShape, ...given, 'verifier', 'refreshSecrets'),
  metadata: kind.partial(grants.serverMetadataShape, 'issuer', 'grants'),
  own: kind.partial(verifier.signingKeysShape, 'issuer', 'keys'),
  guard: kind.partial(verifier.guardShape, ...given, 'issuers', 'resource'),
  now: kind.func,
}

/** Options without those that are undefined: such a one is left out, and does not replace a default. */
export const defined = <T extends object>(options: T | undefined): T =>
  Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as T

/** How a part checks proofs, over what the server knows; nothing where it checks none. */
export const withProofs = <Dpop extends object>(part: Proving<Partial<Dpop>> | undefined, known: Dpop): Proving<Dpop> =>
  part?.senderConstraint ? { senderConstraint: { dpop: { ...known, ...defined(part.senderConstraint.dpop) } } } : {}

/** @throws TypeError that names the option by its whole path */
export function checkServerOptions(options: Pick<AuthorizationServerOptions, 'grants' | 'secrets' | 'trust'>): void {
  checkOptions('createAuthorizationServer', options, shape)
  const name = ['own', 'apiKeys'].find((one) => Object.hasOwn(options.trust ?? {}, one))
  if (name !== undefined) fail(`trust.${name} must have another name: "${name}" is the name of this server`)
  const isMade = options.grants.some((grant) => typeof grant !== 'string' && grant.type === 'refresh_token')
  // Derived ones would be others than those of the grant, and the revocation endpoint would not know its tokens.
  if (isMade && options.secrets?.refreshToken === undefined)
    fail('secrets.refreshToken must be the secrets of the grant refreshToken(…), got undefined')
}
