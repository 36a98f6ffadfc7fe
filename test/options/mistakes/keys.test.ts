import { memoryStores } from '@countersign/core/memory'
import * as keys from '@countersign/keys'
import * as nonce from '@countersign/nonce'
import { itTells, loose, secretOf } from './mistake.js'

const createKeyRegistry = loose(keys.createKeyRegistry)
const remoteClientKeys = loose(keys.remoteClientKeys)
const keyRoutes = loose(keys.keyRoutes)
const createNonces = loose(nonce.createNonces)
const createNonceEndpoint = loose(nonce.createNonceEndpoint)

const nothing = (): undefined => undefined
const stores = memoryStores()
const issuer = 'https://a.test'
const base64 = Buffer.alloc(32).toString('base64')
const registry = { issuer, store: stores.keys, encryption: { current: { id: '1', secret: base64 } } }
const secrets = { current: { id: '1', secret: secretOf(64) } }
const form = { issuer, lifetimeSeconds: 60, store: stores.nonces, audience: 'b', secrets, purposes: { login: {} } }
const pair = { ...form, secrets: undefined, signer: { current: nothing }, keys: { find: nothing }, algorithm: 'ES256' }
const clients = { register: nothing, find: nothing, addSecret: nothing, revokeSecret: nothing, remove: nothing, findMany: nothing }

itTells([
  [
    'no store',
    () => createKeyRegistry({ ...registry, store: undefined }),
    'createKeyRegistry: store must be a DocumentStore, for instance stores.keys, got undefined',
  ],
  [
    'a key that is a password',
    () => createKeyRegistry({ ...registry, encryption: { current: { id: '1', secret: secretOf(12) } } }),
    'createKeyRegistry: encryption.current.secret must be 32 bytes, or a string that is base64 of 32 bytes, got a string of 12 characters',
  ],
  [
    'half a key',
    () => createKeyRegistry({ ...registry, encryption: { current: { id: '1', secret: Buffer.alloc(16) } } }),
    'createKeyRegistry: encryption.current.secret must be 32 bytes, or a string that is base64 of 32 bytes, got 16 bytes',
  ],
  [
    'a key without its name',
    () => createKeyRegistry({ ...registry, encryption: base64 }),
    'createKeyRegistry: encryption must be { current: { id, secret }, previous: [{ id, secret }] } or a function that returns them, got a string of 44 characters',
  ],
  [
    'an id with a dot',
    () => createKeyRegistry({ ...registry, encryption: { current: { id: '2026.1', secret: base64 } } }),
    'createKeyRegistry: encryption.current.id must be a non-empty string without dots, got a string of 6 characters',
  ],
  [
    'one id for two keys',
    () => createKeyRegistry({ ...registry, encryption: { ...registry.encryption, previous: [registry.encryption.current] } }),
    'createKeyRegistry: encryption.previous[0].id must not be a duplicate, got the id of encryption.current again',
  ],
  [
    'an algorithm with a secret',
    () => createKeyRegistry({ ...registry, algorithms: ['HS256'] }),
    'createKeyRegistry: algorithms[0] must be one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA" or "Ed25519", got "HS256"; did you mean "RS256"?',
  ],
  [
    'one algorithm twice',
    () => createKeyRegistry({ ...registry, algorithms: ['ES256', 'ES256'] }),
    'createKeyRegistry: algorithms must not have a duplicate, got "ES256" twice',
  ],
  [
    'a first key that cannot be kept',
    () => createKeyRegistry({ ...registry, encryption: undefined, generateFirst: true }),
    'createKeyRegistry: encryption must be given with generateFirst, got undefined',
  ],
  [
    'a time as a string',
    () => createKeyRegistry({ ...registry, refreshSeconds: '2s' }),
    'createKeyRegistry: refreshSeconds must be a number of seconds, more than 0, got a string of 2 characters',
  ],
  [
    'no origins',
    () => remoteClientKeys({ algorithms: ['ES256'], jwksUri: nothing, allowedOrigins: [] }),
    'remoteClientKeys: allowedOrigins must be a non-empty array, each item a non-empty string, got an empty array',
  ],
  [
    'an origin with a path',
    () => remoteClientKeys({ algorithms: ['ES256'], jwksUri: nothing, allowedOrigins: ['https://a.test', 'https://b.test/keys'] }),
    'remoteClientKeys: allowedOrigins[1] must be an origin without a path, got https://b.test/keys',
  ],
  [
    'an origin with http',
    () => remoteClientKeys({ algorithms: ['ES256'], jwksUri: nothing, allowedOrigins: ['http://a.test'] }),
    'remoteClientKeys: allowedOrigins[0] must be https, or http on loopback, got http://a.test; with allowInsecure: true every http URL is accepted',
  ],
  [
    'no registry',
    () => keyRoutes(undefined, { authenticate: nothing }),
    'keyRoutes: the first argument must be what createKeyRegistry returns, got undefined',
  ],
  ['nobody who authenticates', () => keyRoutes({ clientKeys: clients }, {}), 'keyRoutes: authenticate must be a function, got undefined'],

  [
    'no purposes',
    () => createNonces({ ...form, purposes: {} }),
    'createNonces: purposes must have at least one purpose, got an empty object',
  ],
  [
    'a list of purposes',
    () => createNonces({ ...form, purposes: ['login'] }),
    'createNonces: purposes must be an object of purposes by their names, got an array',
  ],
  [
    'a purpose without audiences',
    () => createNonces({ ...form, audience: nothing, purposes: { login: {} } }),
    'createNonces: purposes must each have audiences where audience is a function, got one without',
  ],
  [
    'purposes for other audiences',
    () => createNonces({ ...form, purposes: { login: { audiences: ['c'] } } }),
    'createNonces: purposes must have one that accepts the option audience, got none',
  ],
  [
    'a life in milliseconds',
    () => createNonces({ ...form, lifetimeSeconds: 60_000_000 }),
    'createNonces: lifetimeSeconds must be a number of seconds, more than 0 and at most 31622400, got 60000000',
  ],
  [
    'a short secret',
    () => createNonces({ ...form, secrets: { current: { id: '1', secret: secretOf(32) } } }),
    'createNonces: secrets.current.secret must be a string or bytes, 64 bytes or more for HS512, and not an asymmetric key, got a string of 32 characters',
  ],
  [
    'one id for two secrets',
    () => createNonces({ ...form, secrets: { ...secrets, previous: [secrets.current] } }),
    'createNonces: secrets.previous[0].id must not be a duplicate, got the id of secrets.current again',
  ],
  [
    'neither secrets nor keys',
    () => createNonces({ ...form, secrets: undefined }),
    'createNonces: secrets, or signer with keys, must be given, got neither',
  ],
  ['both', () => createNonces({ ...pair, secrets }), 'createNonces: secrets must not be given with signer and keys, got both'],
  [
    'a signer with a secret',
    () => createNonces({ ...form, algorithm: 'ES256' }),
    'createNonces: algorithm must be "HS256" or "HS384" or "HS512" with secrets, got "ES256"',
  ],
  [
    'a signer without an algorithm',
    () => createNonces({ ...pair, algorithm: undefined }),
    'createNonces: algorithm must be asymmetric with signer, got undefined',
  ],
  [
    'the type of access tokens',
    () => createNonces({ ...form, typ: 'at+jwt' }),
    'createNonces: typ must not be empty or at+jwt, the type of access tokens, got "at+jwt"',
  ],
  [
    'the type of all tokens',
    () => createNonces({ ...pair, typ: 'JWT' }),
    'createNonces: typ must not be JWT with signer, because its keys may sign access tokens too, got "JWT"',
  ],
  [
    'a limit without a store',
    () => createNonces({ ...form, maxIssuedPerClient: { limit: 5 } }),
    'createNonces: maxIssuedPerClient.attempts must be an AttemptStore, for instance stores.attempts, got undefined',
  ],
  [
    'no nonces',
    () => createNonceEndpoint({ findClient: nothing }),
    'createNonceEndpoint: nonces must be what createNonces returns, got undefined',
  ],
])
