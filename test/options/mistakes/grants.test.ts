import { memoryStores } from '@countersign/core/memory'
import * as grants from '@countersign/grants'
import * as password from '@countersign/grants/password'
import { itTells, loose, secretOf } from './mistake.js'

const createTokenEndpoint = loose(grants.createTokenEndpoint)
const createRevocationEndpoint = loose(grants.createRevocationEndpoint)
const createIntrospectionEndpoint = loose(grants.createIntrospectionEndpoint)
const createTenantEndpoint = loose(grants.createTenantEndpoint)
const createClientAuthenticator = loose(grants.createClientAuthenticator)
const refreshToken = loose(grants.refreshToken)
const tokenExchange = loose(grants.tokenExchange)
const jwtBearer = loose(grants.jwtBearer)
const auditTo = loose(grants.auditTo)
const metadata = loose(grants.authorizationServerMetadata)
const passwordGrants = loose(password.passwordGrants)
const hostUsers = loose(password.hostUsers)

const stores = memoryStores()
const pepper = { current: { id: '1', secret: secretOf(32) } }
const clients = grants.createClients({ store: stores.clients, pepper, issuer: 'https://a.test', revocations: stores.revocations })
const issuer = 'https://a.test'
const signer = { current: (): undefined => undefined }
const endpoint = { issuer, audience: 'api', signer, stores, clients, grants: [grants.clientCredentials()] }
const status = { issuer, stores, clients, verifier: { verify: () => undefined, issuers: () => [] } }
const nothing = (): undefined => undefined
const users = { findUser: nothing, verifyPassword: nothing, unknownUserHash: 'x', sendCode: nothing }
const server = { issuer, tokenEndpoint: `${issuer}/token`, jwksUri: `${issuer}/jwks`, grants: endpoint.grants }

itTells([
  [
    'no issuer',
    () => createTokenEndpoint({ ...endpoint, issuer: undefined }),
    'createTokenEndpoint: issuer must be a URL without spaces and quotes, got undefined',
  ],
  [
    'an issuer that clients do not know',
    () => createTokenEndpoint({ ...endpoint, issuer: 'https://b.test' }),
    'createTokenEndpoint: issuer must be one of createClients({ issuer }), because a lock revokes the tokens of those issuers, got "https://b.test"',
  ],
  [
    'no grants',
    () => createTokenEndpoint({ ...endpoint, grants: [] }),
    'createTokenEndpoint: grants must be a non-empty array of grants, got an empty array',
  ],
  [
    'a list of passwords that was not spread',
    () => createTokenEndpoint({ ...endpoint, grants: [passwordGrants({ authenticator: password.hostUsers({ ...users } as never) })] }),
    'createTokenEndpoint: grants[0] must be a grant: call its factory, as in clientCredentials(), and spread the list that passwordGrants(…) returns, got an array',
  ],
  [
    'a grant that is there twice',
    () => createTokenEndpoint({ ...endpoint, grants: [...endpoint.grants, ...endpoint.grants] }),
    'createTokenEndpoint: grants must not have a duplicate type, got "client_credentials" twice',
  ],
  [
    'a grant for keys without keys',
    () => createTokenEndpoint({ ...endpoint, grants: [grants.jwtBearer({})] }),
    'createTokenEndpoint: clients must have clientKeys because a grant checks JWTs that clients sign, got createClients() without the option clientKeys',
  ],
  [
    'no audience',
    () => createTokenEndpoint({ ...endpoint, audience: undefined }),
    'createTokenEndpoint: audience must be a non-empty string, or a non-empty array of such strings, got undefined',
  ],
  [
    'a key in place of a signer',
    () => createTokenEndpoint({ ...endpoint, signer: { kid: 'a', sign: nothing } }),
    'createTokenEndpoint: signer must be a source of signers, for instance keys.signer of a key registry, got an object',
  ],
  [
    'one store in place of all',
    () => createTokenEndpoint({ ...endpoint, stores: stores.clients }),
    'createTokenEndpoint: stores must be an object of stores, for instance memoryStores() or redisStores(…), with attempts, replay, families, challenges, got an object',
  ],
  [
    'a life as a string',
    () => createTokenEndpoint({ ...endpoint, accessTokenLifetimeSeconds: '15m' }),
    'createTokenEndpoint: accessTokenLifetimeSeconds must be a number of seconds, 1 or more, got a string of 3 characters',
  ],
  [
    'the life of one grant',
    () => createTokenEndpoint({ ...endpoint, grants: [{ type: 'own', validate: nothing, accessTokenLifetimeSeconds: 0 }] }),
    'createTokenEndpoint: grants[0].accessTokenLifetimeSeconds must be a number of seconds, 1 or more, got 0',
  ],
  [
    'claims as an object',
    () => createTokenEndpoint({ ...endpoint, claims: { tenant: 'a' } }),
    'createTokenEndpoint: claims must be a function, got an object',
  ],
  [
    'a rate without a window',
    () => createTokenEndpoint({ ...endpoint, rateLimits: { requests: { limit: 5 } } }),
    'createTokenEndpoint: rateLimits.requests.windowSeconds must be a number of seconds, more than 0, got undefined',
  ],
  [
    'a store in place of an audit',
    () => createTokenEndpoint({ ...endpoint, audit: stores.audit }),
    'createTokenEndpoint: audit must be an object with policy ("required" or "optional") and the function write, for instance what auditTo(store) returns, got an object',
  ],

  [
    'no secrets',
    () => refreshToken({}),
    'refreshToken: secrets must be { current: { id, secret }, previous: [{ id, secret }] } or a function that returns them, got undefined',
  ],
  [
    'a secret without its id',
    () => refreshToken({ secrets: { current: { secret: secretOf(32) } } }),
    'refreshToken: secrets.current.id must be a string, got undefined',
  ],
  [
    'an id with a dot',
    () => refreshToken({ secrets: { current: { id: 'a.b', secret: secretOf(32) } } }),
    'refreshToken: secrets.current.id must be 1 to 64 letters, digits, _ and -, got a string of 3 characters',
  ],
  [
    'a short secret of a function',
    () => refreshToken({ secrets: () => ({ current: { id: '1', secret: secretOf(31) } }) }),
    'refreshToken: secrets.current.secret must be a string or bytes, 32 bytes or more, got a string of 31 characters',
  ],
  [
    'a function that returns nothing',
    () => refreshToken({ secrets: nothing }),
    'refreshToken: secrets must be { current: { id, secret }, previous: [{ id, secret }] }, got undefined',
  ],
  [
    'one id for two secrets',
    () => refreshToken({ secrets: { ...pepper, previous: [{ id: '0', secret: secretOf(32) }, pepper.current] } }),
    'refreshToken: secrets.previous[1].id must not be a duplicate, got the id of secrets.current again',
  ],
  [
    'a choice for lost writes',
    () => refreshToken({ secrets: pepper, onStoreBehind: 'heel' }),
    'refreshToken: onStoreBehind must be "refuse" or "heal", got "heel"; did you mean "heal"?',
  ],
  [
    'an exchange of nothing',
    () => tokenExchange({ policy: nothing, clientSigned: false }),
    'tokenExchange: trusted must be given where clientSigned is false, got undefined',
  ],
  ['an exchange without a policy', () => tokenExchange({}), 'tokenExchange: policy must be a function, got undefined'],
  [
    'trust without audiences',
    () => jwtBearer({ trusted: { verifier: status.verifier } }),
    'jwtBearer: trusted.audiences must be a non-empty array of non-empty strings, or null, which turns the check off, got undefined',
  ],

  [
    'a verifier that is a guard',
    () => createIntrospectionEndpoint({ ...status, audiencesOf: nothing, verifier: { check: nothing } }),
    'createIntrospectionEndpoint: verifier must be a verifier of our own access tokens, for instance createVerifier(…) with signingKeys, got an object',
  ],
  ['no audiences', () => createIntrospectionEndpoint(status), 'createIntrospectionEndpoint: audiencesOf must be a function, got undefined'],
  [
    'a short secret at introspection',
    () =>
      createIntrospectionEndpoint({
        ...status,
        audiencesOf: nothing,
        revocations: stores.revocations,
        refreshSecrets: { current: { id: '1', secret: secretOf(5) } },
      }),
    'createIntrospectionEndpoint: refreshSecrets.current.secret must be a string or bytes, 32 bytes or more, got a string of 5 characters',
  ],
  [
    'revocation without a denylist',
    () => createRevocationEndpoint(status),
    'createRevocationEndpoint: revocations must be what createSharedRevocations returns, or a RevocationStore, got undefined',
  ],
  [
    'an id with a space at revocation',
    () =>
      createRevocationEndpoint({
        ...status,
        revocations: stores.revocations,
        refreshSecrets: () => ({ current: { id: 'a b', secret: secretOf(32) } }),
      }),
    'createRevocationEndpoint: refreshSecrets.current.id must be 1 to 64 letters, digits, _ and -, got a string of 3 characters',
  ],
  [
    'one tenant twice',
    () => createTenantEndpoint({ issuers: [issuer, issuer], issuerOf: nothing, endpoint: nothing }),
    'createTenantEndpoint: issuers must not have a duplicate, got "https://a.test" twice',
  ],
  [
    'tenants without an endpoint',
    () => createTenantEndpoint({ issuers: [issuer], issuerOf: nothing, endpoint: endpoint }),
    'createTenantEndpoint: endpoint must be a function, got an object',
  ],
  [
    'clients that are a store',
    () => createClientAuthenticator({ issuer, clients: stores.clients, stores }),
    'createClientAuthenticator: clients must be what createClients returns, got an object',
  ],
  [
    'metadata of an issuer with a query',
    () => metadata({ ...server, issuer: `${issuer}?tenant=a` }),
    'authorizationServerMetadata: issuer must not have a query or a fragment (RFC 8414 §2), got one after "https://a.test"',
  ],
  [
    'metadata without grants',
    () => metadata({ ...server, grants: ['client_credentials'] }),
    'authorizationServerMetadata: grants[0] must be a grant, or { type }, got a string of 18 characters',
  ],
  [
    'all stores in place of an audit',
    () => auditTo(stores),
    'auditTo: the first argument must be an AuditStore, for instance stores.audit, got an object',
  ],
  [
    'a choice for outages',
    () => auditTo(stores.audit, { onOutage: 'refused' }),
    'auditTo: onOutage must be "issue" or "refuse", got "refused"; did you mean "refuse"?',
  ],

  [
    'users without a hash for nobody',
    () => hostUsers({ ...users, unknownUserHash: undefined }),
    'hostUsers: unknownUserHash must be a non-empty string, got undefined',
  ],
  ['codes of four digits', () => hostUsers({ ...users, codeDigits: 4 }), 'hostUsers: codeDigits must be an integer, from 6 to 8, got 4'],
  [
    'no authenticator',
    () => passwordGrants({}),
    'passwordGrants: authenticator must be an authenticator, for instance hostUsers(…) or createCognito(…), got undefined',
  ],
  [
    'guesses without a limit',
    () => passwordGrants({ authenticator: password.hostUsers({ ...users } as never), limits: { codes: { limit: 0, windowSeconds: 60 } } }),
    'passwordGrants: limits.codes.limit must be an integer, 1 or more, got 0',
  ],
])
