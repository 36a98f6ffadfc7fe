import { encodeSegment, hmacSigner, rawSigner, testKeys } from '@countersign/testkit'
import { claimsOf, der, forged, good, hub, partner, pool, poolIssuer, request, type WrongToken } from './forge.js'

export const wrongIssuers: readonly WrongToken[] = [
  {
    name: 'no signature at all (alg none)',
    input: forged({ alg: 'none' }, {}, () => Buffer.from('x')),
    reason: 'algorithm',
    cause: /not signed/,
    line: request,
  },
  {
    name: 'a secret in place of the private key',
    input: forged({ alg: 'HS256' }, {}, hmacSigner('the public key')),
    reason: 'algorithm',
    cause: /signed with a secret/,
    line: 'what makes the token',
  },
  {
    name: 'an algorithm that is not listed',
    input: forged({ alg: 'RS512' }, {}, rawSigner(testKeys.rs256, 'RS512')),
    reason: 'algorithm',
    cause: /signed with RS512/,
    line: "algorithms: ['RS256', 'ES256']",
  },
  { name: 'no iss', input: partner({ iss: undefined }), reason: 'claims', cause: /who issued it/, line: 'what makes the token' },
  {
    name: 'iss with a slash at the end',
    input: partner({ iss: 'https://partner.example/' }),
    reason: 'unknown_issuer',
    cause: /slash at the end/,
    line: "issuer: 'https://partner.example'",
  },
  {
    name: 'iss without the slash',
    input: hub({ iss: 'https://hub.example' }),
    reason: 'unknown_issuer',
    cause: /slash at the end/,
    line: "issuer: 'https://hub.example/'",
  },
  {
    name: 'iss with http',
    input: partner({ iss: 'http://partner.example' }),
    reason: 'unknown_issuer',
    cause: /http and https/,
    line: "issuer: 'https://partner.example'",
  },
  {
    name: 'iss in capitals',
    input: partner({ iss: 'https://Partner.example' }),
    reason: 'unknown_issuer',
    cause: /upper and lower case/,
    line: "issuer: 'https://partner.example'",
  },
  {
    name: 'the user pool in another region',
    input: pool({ iss: poolIssuer.replace('idp.us-east-2', 'idp.eu-west-1') }),
    reason: 'unknown_issuer',
    cause: /another region/,
    line: "userPoolId: 'us-east-2_AbCdEfGhI'",
  },
  {
    name: 'another user pool',
    input: pool({ iss: poolIssuer.replace('AbCd', 'XyZw') }),
    reason: 'unknown_issuer',
    cause: /another user pool/,
    line: "userPoolId: 'us-east-2_AbCdEfGhI'",
  },
  {
    name: 'Microsoft Entra v1 in place of v2',
    input: partner({ iss: 'https://sts.windows.net/11111111-2222-3333-4444-555555555555/' }),
    reason: 'unknown_issuer',
    cause: /another version/,
    line: "issuer: 'https://login.microsoftonline.com/",
  },
  {
    name: 'an issuer that nobody knows',
    input: partner({ iss: 'https://nobody.example' }),
    reason: 'unknown_issuer',
    cause: /No entry has the issuer/,
    line: 'issuers: {',
  },
  {
    name: 'a kid that was not given',
    input: partner({}, { kid: 'next-year' }),
    reason: 'unknown_key',
    cause: /next-year/,
    line: 'keys: [testKeys',
  },
  { name: 'a kid of another environment', input: hub({}, { kid: 'staging-1' }), reason: 'unknown_key', cause: /staging-1/, line: 'url: `' },
  {
    name: 'another key under the same kid',
    input: partner({}, { kid: testKeys.es256.kid }, testKeys.es256Other),
    reason: 'signature',
    cause: /another key has this kid/,
    line: 'keys: [testKeys',
  },
  {
    name: 'claims that were changed',
    input: async () =>
      (await good())
        .split('.')
        .with(1, encodeSegment(claimsOf({ sub: 'root' })))
        .join('.'),
    reason: 'signature',
    cause: /was changed/,
    line: 'keys: [testKeys',
  },
  {
    name: 'a signature that was cut',
    input: async () => (await good()).slice(0, -42),
    reason: 'signature',
    cause: /cut off/,
    line: request,
  },
  {
    name: 'an ECDSA signature in DER',
    input: forged({ alg: 'ES256', kid: testKeys.es256.kid }, {}, der),
    reason: 'signature',
    cause: /DER/,
    line: 'what makes the token',
  },
  {
    name: 'another secret',
    input: forged({ alg: 'HS256', kid: undefined }, { iss: 'https://legacy.example' }, hmacSigner('some other secret')),
    reason: 'signature',
    cause: /secret of the entry did not sign/,
    line: 'secrets: {',
  },
]
