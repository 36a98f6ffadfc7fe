import { createCognito as cognitoOf } from '@countersign/cognito'
import * as jwt from '@countersign/jwt'
import { privateKeyOf, publicJwkOf, publicKeyOf, testKeys } from '@countersign/testkit'
import * as verifier from '@countersign/verifier'
import { itTells, loose, secretOf } from './mistake.js'

const staticKeys = loose(verifier.staticKeys)
const cognito = loose(verifier.cognito)
const createCognito = loose(cognitoOf)
const createSigner = loose(jwt.createSigner)

const rule = { issuer: 'https://issuer.test', algorithms: ['ES256'], audience: 'api' }
const pool = { userPoolId: 'us-east-2_AbCdEfGhI', clientId: 'app' }
const hmac = { ...rule, algorithms: ['HS256'] }
const jwk = publicJwkOf(testKeys.es256)
const current = { id: '1', secret: secretOf(32) }

itTells([
  ['neither keys nor secrets', () => staticKeys(rule), 'staticKeys: keys or secrets must be given, got neither'],
  ['both', () => staticKeys({ ...rule, keys: jwk, secrets: { current } }), 'staticKeys: keys or secrets must be given, got both'],
  [
    'keys with HMAC',
    () => staticKeys({ ...hmac, keys: jwk }),
    'staticKeys: secrets must come with HMAC algorithms and keys with all others, got HS256',
  ],
  [
    'a JWK as a string',
    () => staticKeys({ ...rule, keys: JSON.stringify(jwk) }),
    'staticKeys: keys must be a public key that can be used, got a key with the fault malformed (a string must be PEM; a JWK or a JWK Set must be an object)',
  ],
  [
    'PEM without line breaks',
    () => staticKeys({ ...rule, keys: '-----BEGIN PUBLIC KEY-----\\nMFkw\\n-----END PUBLIC KEY-----' }),
    'staticKeys: keys must be a public key that can be used, got a key with the fault malformed (its line breaks are written as \\n: replace them)',
  ],
  [
    'a private key',
    () => staticKeys({ ...rule, keys: [publicKeyOf(testKeys.es256), privateKeyOf(testKeys.es256)] }),
    'staticKeys: keys[1] must be a public key that can be used, got a key with the fault private (an API must have the public half only)',
  ],
  [
    'a key for another algorithm',
    () => staticKeys({ ...rule, algorithms: ['RS256'], keys: jwk }),
    'staticKeys: keys must have one that fits algorithms (RS256), got none',
  ],
  [
    'no keys',
    () => staticKeys({ ...rule, keys: [] }),
    'staticKeys: keys must be PEM, a KeyObject, { kid, publicKey }, a JWK or a JWK Set, or a non-empty array of such, got an empty array',
  ],
  [
    'an empty JWK Set',
    () => staticKeys({ ...rule, keys: { keys: [] } }),
    'staticKeys: keys must have at least one key, got an empty array',
  ],
  [
    'a JWK Set without a list',
    () => staticKeys({ ...rule, keys: { keys: jwk } }),
    'staticKeys: keys.keys must be an array, as in every JWK Set, got an object',
  ],
  [
    'one kid twice',
    () => staticKeys({ ...rule, keys: [jwk, jwk] }),
    'staticKeys: keys must not have a duplicate kid, got "test-es256" twice',
  ],
  [
    'a short secret',
    () => staticKeys({ ...hmac, secrets: { current: { id: '1', secret: secretOf(10) } } }),
    'staticKeys: secrets.current.secret must be a string or bytes, 32 bytes or more for HS256, and not an asymmetric key, got a string of 10 characters',
  ],
  [
    'a short secret of a function',
    () => staticKeys({ ...hmac, secrets: () => ({ current: { id: '1', secret: secretOf(1) } }) }),
    'staticKeys: secrets.current.secret must be a string or bytes, 32 bytes or more for HS256, and not an asymmetric key, got a string of 1 character',
  ],
  [
    'a secret without its name',
    () => staticKeys({ ...hmac, secrets: { current: secretOf(40) } }),
    'staticKeys: secrets.current must be { id, secret }, got a string of 40 characters',
  ],
  [
    'a public key as a secret',
    () => staticKeys({ ...hmac, secrets: { current: { id: '1', secret: JSON.stringify(jwk) } } }),
    'staticKeys: secrets.current.secret must be a string or bytes, 32 bytes or more for HS256, and not an asymmetric key, got a string of 171 characters',
  ],
  [
    'one id for two secrets',
    () => staticKeys({ ...hmac, secrets: { current, previous: [{ ...current, secret: secretOf(33) }] } }),
    'staticKeys: secrets.previous[0].id must not be a duplicate, got the id of secrets.current again',
  ],

  [
    'the ARN of a pool',
    () => cognito({ ...pool, userPoolId: 'arn:aws:cognito-idp:us-east-2:1:userpool/x' }),
    'cognito: userPoolId must be the id of a user pool, such as us-east-2_AbCdEfGhI, got a string of 42 characters',
  ],
  [
    'no client',
    () => cognito({ userPoolId: pool.userPoolId }),
    'cognito: clientId must be a non-empty string, or a non-empty array of such strings, or null, which turns the check off, got undefined',
  ],
  [
    'a misspelt kind of token',
    () => cognito({ ...pool, tokenUse: 'acess' }),
    'cognito: tokenUse must be "access" or "id", got "acess"; did you mean "access"?',
  ],
  [
    'a zone in place of a region',
    () => cognito({ ...pool, region: 'US East' }),
    'cognito: region must be a region such as us-east-2, or several, got ["US East"]',
  ],
  [
    'an issuer without an endpoint',
    () => cognito({ ...pool, issuer: 'http://localhost:9229/x' }),
    'cognito: endpoint must be given with issuer, because a user pool of AWS has its own iss, got undefined',
  ],
  [
    'an emulator elsewhere',
    () => cognito({ ...pool, endpoint: 'http://emulator.test:9229' }),
    'cognito: endpoint must be https, or http on loopback, got http://emulator.test:9229; with allowInsecure: true every http URL is accepted',
  ],

  [
    'a pool that is missing',
    () => createCognito({ clientId: 'app' }),
    'createCognito: userPoolId must be the id of a user pool, such as us-east-2_AbCdEfGhI, got undefined',
  ],
  [
    'a secret that is a number',
    () => createCognito({ ...pool, clientSecret: 271_828 }),
    'createCognito: clientSecret must be a non-empty string or a function that returns it, got a number',
  ],
  [
    'a short secret for passwords',
    () => createCognito({ ...pool, recognitionSecret: secretOf(8) }),
    'createCognito: recognitionSecret must be a string or bytes, 32 bytes or more, got 8 bytes',
  ],
  [
    'a client with a region',
    () => createCognito({ ...pool, client: { send: () => undefined }, region: 'us-east-2' }),
    'createCognito: client must not be given with region or endpoint, got both client and region',
  ],
  [
    'a factor of no kind',
    () => createCognito({ ...pool, preferredFactors: ['SMS'] }),
    'createCognito: preferredFactors[0] must be "email_otp" or "software_token_mfa" or "sms_otp", got "SMS"',
  ],

  [
    'a signer without an algorithm',
    () => createSigner({ key: privateKeyOf(testKeys.es256) }),
    'createSigner: algorithm must be one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256", "HS384" or "HS512", got undefined',
  ],
  [
    'a signer with a public key',
    () => createSigner({ key: publicKeyOf(testKeys.es256), algorithm: 'ES256' }),
    'createSigner: key must be a private KeyObject or a string of PKCS#8 PEM, got a public key',
  ],
  [
    'a signer with a key of another kind',
    () => createSigner({ key: privateKeyOf(testKeys.es256), algorithm: 'RS256' }),
    'createSigner: key must fit RS256, got a key of type ec',
  ],
  [
    'a signer with text',
    () => createSigner({ key: secretOf(20), algorithm: 'ES256' }),
    'createSigner: key must be PEM of a private key without a passphrase, got a string of 20 characters',
  ],
  [
    'a short secret for a signer',
    () => createSigner({ key: Buffer.from(secretOf(31)), algorithm: 'HS256', kid: 'a' }),
    'createSigner: key must have 32 bytes or more for HS256, got 31 bytes',
  ],
  [
    'a secret for a signer without a name',
    () => createSigner({ key: Buffer.from(secretOf(32)), algorithm: 'HS256' }),
    'createSigner: kid must be a non-empty string for a secret, got undefined',
  ],
])
