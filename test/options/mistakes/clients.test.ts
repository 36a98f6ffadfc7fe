import { memoryStores } from '@countersign/core/memory'
import * as grants from '@countersign/grants'
import { itTells, loose, secretOf } from './mistake.js'

const createClients = loose(grants.createClients)

const stores = memoryStores()
const pepper = { current: { id: '1', secret: secretOf(32) } }
const clients = grants.createClients({ store: stores.clients, pepper, issuer: 'https://a.test', revocations: stores.revocations })
const register = loose(clients.register)
const machine = { grants: ['client_credentials'] }

itTells([
  [
    'no pepper',
    () => createClients({ store: stores.clients }),
    'createClients: pepper must be { current: { id, secret }, previous: [{ id, secret }] } or a function that returns them, got undefined',
  ],
  [
    'a pepper out of the environment that is not set',
    () => createClients({ store: stores.clients, pepper: { current: { id: '1', secret: '' } } }),
    'createClients: pepper.current.secret must be a string or bytes, 32 bytes or more, got an empty string',
  ],
  [
    'a pepper without its name',
    () => createClients({ store: stores.clients, pepper: secretOf(32) }),
    'createClients: pepper must be { current: { id, secret }, previous: [{ id, secret }] } or a function that returns them, got a string of 32 characters',
  ],
  [
    'an earlier pepper that is short',
    () => createClients({ store: stores.clients, pepper: { ...pepper, previous: [{ id: '0', secret: secretOf(16) }] } }),
    'createClients: pepper.previous[0].secret must be a string or bytes, 32 bytes or more, got a string of 16 characters',
  ],
  [
    'one id for two peppers',
    () => createClients({ store: stores.clients, pepper: { ...pepper, previous: [pepper.current] } }),
    'createClients: pepper.previous[0].id must not be a duplicate, got the id of pepper.current again',
  ],
  [
    'all stores in place of one',
    () => createClients({ store: stores, pepper }),
    'createClients: store must be a DocumentStore, for instance stores.clients, got an object',
  ],
  [
    'revocations without an issuer',
    () => createClients({ store: stores.clients, pepper, revocations: stores.revocations }),
    'createClients: issuer must be given with revocations, got undefined',
  ],

  [
    'a client without grants',
    () => register({ id: 'app' }),
    'client: grants must be a non-empty array, each item a non-empty string, got undefined',
  ],
  [
    'an id with a space',
    () => register({ ...machine, id: 'my app' }),
    'client: id must be 1 to 255 letters, digits and ._~@/!*=:%-, got a string of 6 characters',
  ],
  [
    'an id with a colon for Basic as it is',
    () => register({ ...machine, id: 'a:b', basicEncoding: 'raw' }),
    'client: basicEncoding must be "form" for an id with a colon, because Basic is split at the first colon, got "raw"',
  ],
  [
    'an id with a percent sign',
    () => register({ ...machine, id: 'a%b' }),
    'client: basicEncoding must be "raw" for an id with a percent sign, because form-decoding would change it, got "form"',
  ],
  [
    'a misspelt method',
    () => register({ ...machine, authMethods: ['client_secret_basci'] }),
    'client: authMethods[0] must be one of "client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth" or "none", got "client_secret_basci"; did you mean "client_secret_basic"?',
  ],
  [
    'a public client with a secret',
    () => register({ ...machine, authMethods: ['none', 'client_secret_post'] }),
    'client: authMethods must be ["none"] for a public client, got ["none","client_secret_post"]',
  ],
  [
    'a public client for itself',
    () => register({ ...machine, authMethods: ['none'] }),
    'client: grants must not have client_credentials for a public client (RFC 6749 §4.4), got it with authMethods: ["none"]',
  ],
  [
    'a password for a client of others',
    () => register({ grants: ['password'] }),
    'client: isFirstParty must be true for the grant password (RFC 9700 §2.4), got undefined',
  ],
  [
    'scopes in one string',
    () => register({ ...machine, scopes: 'read write' }),
    'client: scopes must be an array, each item a scope-token (RFC 6749 §3.3), got a string of 10 characters',
  ],
  [
    'a scope with a space',
    () => register({ ...machine, scopes: ['read write'] }),
    'client: scopes[0] must be a scope-token (RFC 6749 §3.3), got a string of 10 characters',
  ],
  [
    'a default scope that it does not have',
    () => register({ ...machine, scopes: ['read'], defaultScopes: ['read', 'write'] }),
    'client: defaultScopes must be among scopes, got "write", which scopes does not have',
  ],
  [
    'a fixed refresh token of a public client',
    () => register({ grants: ['refresh_token'], authMethods: ['none'], refresh: { policy: 'fixed', lifetimeSeconds: 60 } }),
    "client: refresh.policy must be 'rotating' for a public client (RFC 9700 §4.14.2), got 'fixed' without unrotatedPublicClient: true",
  ],
  [
    'a refresh token for ever',
    () => register({ ...machine, refresh: { policy: 'rotating', idleLifetimeSeconds: 0 } }),
    'client: refresh.idleLifetimeSeconds must be a number of seconds, more than 0, got 0',
  ],
  [
    'a signing client without keys',
    () => register({ ...machine, authMethods: ['private_key_jwt'] }),
    'createClients: clientKeys must be given for a client with the method private_key_jwt, got undefined',
  ],
  [
    'a secret that ends before it begins',
    () => register({ ...machine, secret: { notBefore: 20, expiresAt: 10 } }),
    'client: secret.notBefore must be before secret.expiresAt (10), got 20',
  ],
  [
    'a time in milliseconds',
    () => register({ ...machine, secret: { expiresAt: 1_700_000_000_000 } }),
    'client: secret.expiresAt must be epoch seconds, got 1700000000000, which looks like milliseconds',
  ],
])
