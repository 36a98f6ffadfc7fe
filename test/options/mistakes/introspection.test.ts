import * as verifier from '@countersign/verifier'
import { itTells, loose, secretOf } from './mistake.js'

const introspection = loose(verifier.introspection)
const secrets = { current: { id: '1', secret: secretOf(20) } }
const options = {
  issuer: 'https://login.test',
  endpoint: 'https://login.test/introspect',
  authentication: { method: 'client_secret_basic', clientId: 'api', secrets },
  recognise: { prefix: 'op_' },
  audience: 'api',
  maxCacheSeconds: 30,
}
const withAuthentication = (changes: object) => () =>
  introspection({ ...options, authentication: { ...options.authentication, ...changes } })

itTells([
  [
    'no lifetime of answers',
    () => introspection({ ...options, maxCacheSeconds: undefined }),
    'introspection: maxCacheSeconds must be a number of seconds, 0 or more, got undefined',
  ],
  [
    'a long memory of inactive tokens',
    () => introspection({ ...options, negativeCacheSeconds: 6 }),
    'introspection: negativeCacheSeconds must be a number of seconds, from 0 to 5, got 6',
  ],
  [
    'no audience',
    () => introspection({ ...options, audience: undefined }),
    'introspection: audience must be a non-empty string, or a non-empty array of such strings, or null, which turns the check off, got undefined',
  ],
  [
    'plain http',
    () => introspection({ ...options, endpoint: 'http://login.test/introspect' }),
    'introspection: endpoint must be https, or http on loopback, got http://login.test; with allowInsecure: true every http URL is accepted',
  ],
  [
    'nothing to recognise',
    () => introspection({ ...options, recognise: {} }),
    'introspection: recognise must have prefix or jwtIssuer, got neither',
  ],
  [
    'two things to recognise',
    () => introspection({ ...options, recognise: { prefix: 'a_', jwtIssuer: 'b' } }),
    'introspection: recognise must have prefix or jwtIssuer, got both',
  ],
  [
    'a prefix that begins another one',
    () => introspection({ ...options, recognise: { prefix: ['a_', 'a_b'] } }),
    'introspection: recognise.prefix must not begin another one, got "a_"',
  ],
  [
    'an empty prefix',
    () => introspection({ ...options, recognise: { prefix: '' } }),
    'introspection: recognise.prefix must be a string of 1 to 64 characters of a bearer token (RFC 6750 §2.1) or a non-empty array, each item a string of 1 to 64 characters of a bearer token (RFC 6750 §2.1), got an empty string',
  ],
  [
    'another method',
    withAuthentication({ method: 'none' }),
    'introspection: authentication.method must be one of "client_secret_basic", "client_secret_post", "private_key_jwt" or "bearer", got "none"',
  ],
  [
    'no secrets',
    withAuthentication({ secrets: undefined }),
    'introspection: authentication.secrets must be given with client_secret_basic, got undefined',
  ],
  [
    'members of another method',
    withAuthentication({ token: () => 'x' }),
    'introspection: authentication.token must be left out with client_secret_basic, got a value',
  ],
  [
    'one secret as a string',
    withAuthentication({ secrets: secretOf(40) }),
    'introspection: authentication.secrets must be { current: { id, secret }, previous: [{ id, secret }] } or a function that returns them, got a string of 40 characters',
  ],
])
