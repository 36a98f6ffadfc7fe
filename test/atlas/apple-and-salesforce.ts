import { publicJwkOf, testKeys } from '@countersign/testkit'
import { type AtlasRow, jwksOf, now, times, wrongAudience, wrongIssuer } from './atlas-row.js'

const rsa = testKeys.rs256
const rsaKeys = { key: rsa, jwks: jwksOf(rsa, 'key-1') }

/** Apple and Salesforce. */
export const appleAndSalesforce: readonly AtlasRow[] = [
  {
    name: 'Sign in with Apple, ID token',
    peculiar: 'no `typ`; flags as texts; several keys',
    header: { kid: 'fh6Bs8C', alg: 'RS256' },
    claims: {
      ...times(600),
      iss: 'https://appleid.apple.com',
      aud: 'org.example.shop',
      sub: '001451.synthetic.0807',
      c_hash: 'h',
      email: 'x@privaterelay.appleid.com',
      email_verified: 'true',
      is_private_email: 'true',
      auth_time: now,
      nonce_supported: true,
    },
    key: rsa,
    jwksUrl: 'https://appleid.apple.com/auth/keys',
    jwks: [publicJwkOf(testKeys.ps256, { kid: 'lVHdOx8ltR', alg: 'RS256' }), ...jwksOf(rsa, 'fh6Bs8C')],
    entry: [
      'jwks',
      {
        issuer: 'https://appleid.apple.com',
        url: 'https://appleid.apple.com/auth/keys',
        algorithms: ['RS256', 'ES256'],
        audience: 'org.example.shop',
      },
    ],
    gives: { subject: '001451.synthetic.0807', scopes: [] },
    nearMisses: [wrongAudience('org.example.other'), wrongIssuer('https://account.apple.com', 'another Apple issuer')],
  },
  {
    name: 'Apple, token signed with ES256',
    peculiar: 'RSA and EC keys in one JWKS',
    header: { kid: 'ecKey', alg: 'ES256' },
    claims: { ...times(600), iss: 'https://appleid.apple.com', aud: 'org.example.shop', sub: '001451.synthetic.0807' },
    key: testKeys.es256,
    jwksUrl: 'https://appleid.apple.com/auth/keys',
    jwks: [...jwksOf(rsa, 'fh6Bs8C'), ...jwksOf(testKeys.es256, 'ecKey')],
    entry: [
      'jwks',
      {
        issuer: 'https://appleid.apple.com',
        url: 'https://appleid.apple.com/auth/keys',
        algorithms: ['RS256', 'ES256'],
        audience: 'org.example.shop',
      },
    ],
    gives: { subject: '001451.synthetic.0807', scopes: [] },
    nearMisses: [wrongAudience('org.example.other'), { name: 'the kid of an RSA key', header: { kid: 'fh6Bs8C' }, reason: 'unknown_key' }],
  },
  {
    ...rsaKeys,
    name: 'Salesforce, JWT access token',
    peculiar: 'private header members; `aud` of URLs; `sub` with a prefix; scopes in `scp` as a text',
    header: { tnk: 'core/prod/00Dxx0000000001', ver: '1.0', kid: 'key-1', tty: 'sfdc-core-token', typ: 'JWT', alg: 'RS256' },
    claims: {
      ...times(7200),
      nbf: now - 15,
      scp: 'api refresh_token',
      aud: ['https://shop.my.salesforce.com'],
      sub: 'uid:005xx000001Sv6A',
      mty: 'oauth',
      sfi: 'f1',
      roles: [],
      iss: 'https://shop.my.salesforce.com',
      hsc: false,
      client_id: '3MVG9synthetic',
    },
    jwksUrl: 'https://shop.my.salesforce.com/id/keys',
    entry: [
      'jwks',
      {
        issuer: 'https://shop.my.salesforce.com',
        url: 'https://shop.my.salesforce.com/id/keys',
        algorithms: ['RS256'],
        audience: 'https://shop.my.salesforce.com',
      },
    ],
    gives: { subject: 'uid:005xx000001Sv6A', clientId: '3MVG9synthetic', scopes: ['api', 'refresh_token'] },
    nearMisses: [wrongIssuer('https://login.salesforce.com', 'the shared host'), wrongAudience(['https://other.my.salesforce.com'])],
  },
]
