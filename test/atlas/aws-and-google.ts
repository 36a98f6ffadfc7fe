import { testKeys } from '@countersign/testkit'
import { type AtlasRow, jwksOf, now, times, wrongAudience, wrongIssuer } from './atlas-row.js'

const pool = 'eu-central-1_AbCdEf123'
const poolIssuer = `https://cognito-idp.eu-central-1.amazonaws.com/${pool}`
const poolIssuer2 = `https://issuer-cognito-idp.eu-central-1.amazonaws.com/${pool}`
const appClient = '1example23456789appclient'
const poolKey = { key: testKeys.rs256, jwksUrl: `${poolIssuer}/.well-known/jwks.json`, jwks: jwksOf(testKeys.rs256, 'pool-key=') }
const poolHeader = { kid: 'pool-key=', alg: 'RS256' }
const person = 'aaaaaaaa-bbbb-cccc-dddd-example'
const session = { origin_jti: 'origin', event_id: 'event', auth_time: now - 60, jti: 'token-1', iat: now, exp: now + 3600 }
const accessClaims = {
  ...session,
  sub: person,
  'cognito:groups': ['staff'],
  iss: poolIssuer,
  client_id: appClient,
  token_use: 'access',
  scope: 'openid orders/read',
  username: person,
}
const otherClient = { name: 'another app client', claims: { client_id: 'another' }, reason: 'issuer_rule' } as const
const otherPool = wrongIssuer('https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other0000', 'another pool')

const googleKeys = {
  key: testKeys.rs256Other,
  jwksUrl: 'https://www.googleapis.com/oauth2/v3/certs',
  jwks: jwksOf(testKeys.rs256Other, '0123456789abcdef0123456789abcdef01234567'),
}
const googleHeader = { alg: 'RS256', kid: '0123456789abcdef0123456789abcdef01234567', typ: 'JWT' }
const googleClient = '407408718192.apps.googleusercontent.com'
const googleClaims = {
  ...times(3600),
  iss: 'https://accounts.google.com',
  azp: googleClient,
  aud: googleClient,
  sub: '110169484474386276334',
  at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
  hd: 'example.org',
  email: 'a@example.org',
  email_verified: true,
  nonce: '0394852-3190485-2490358',
}
const googleEntry: AtlasRow['entry'] = [
  'jwks',
  {
    issuer: ['https://accounts.google.com', 'accounts.google.com'],
    url: googleKeys.jwksUrl,
    algorithms: ['RS256'],
    audience: googleClient,
  },
]

/** Amazon Cognito, Google and Firebase. */
export const awsAndGoogle: readonly AtlasRow[] = [
  {
    ...poolKey,
    name: 'Amazon Cognito, access token',
    peculiar: 'no `aud`, no `typ`; the app client stands in `client_id`; `token_use` tells the kind',
    header: poolHeader,
    claims: accessClaims,
    entry: ['cognito', { userPoolId: pool, clientId: appClient }],
    gives: { subject: person, clientId: appClient, scopes: ['openid', 'orders/read'] },
    nearMisses: [
      otherClient,
      otherPool,
      { name: 'an ID token', claims: { token_use: 'id', aud: appClient }, reason: 'issuer_rule' },
      { name: 'no client_id', claims: { client_id: undefined, aud: appClient }, reason: 'issuer_rule' },
    ],
  },
  {
    ...poolKey,
    name: 'Amazon Cognito, access token, second form of the issuer',
    peculiar: '`iss` of issuer-cognito-idp',
    header: poolHeader,
    claims: { ...accessClaims, iss: poolIssuer2 },
    entry: ['cognito', { userPoolId: pool, clientId: [appClient, 'another-app-client'] }],
    gives: { subject: person, clientId: appClient, scopes: ['openid', 'orders/read'] },
    nearMisses: [wrongIssuer(`https://issuer-cognito-idp.us-east-1.amazonaws.com/${pool}`, 'another region'), otherClient],
  },
  {
    ...poolKey,
    name: 'Amazon Cognito, access token of client credentials',
    peculiar: 'no person: `sub` is the app client',
    header: poolHeader,
    claims: { ...session, sub: appClient, token_use: 'access', scope: 'orders/read', iss: poolIssuer, version: 2, client_id: appClient },
    entry: ['cognito', { userPoolId: pool, clientId: appClient }],
    gives: { subject: appClient, clientId: appClient, scopes: ['orders/read'] },
    nearMisses: [otherClient],
  },
  {
    ...poolKey,
    name: 'Amazon Cognito, ID token',
    peculiar: 'the app client stands in `aud`',
    header: poolHeader,
    claims: {
      ...session,
      sub: person,
      aud: appClient,
      iss: poolIssuer,
      token_use: 'id',
      email_verified: true,
      'cognito:username': person,
      'cognito:groups': ['staff'],
      identities: [{ userId: '1', providerName: 'Google', dateCreated: '1642699117273', primary: 'true' }],
    },
    entry: ['cognito', { userPoolId: pool, clientId: appClient, tokenUse: 'id' }],
    gives: { subject: person, scopes: [] },
    nearMisses: [
      wrongAudience('another'),
      { name: 'an access token', claims: { aud: undefined, token_use: 'access', client_id: appClient }, reason: 'audience' },
      { name: 'an access token that has an aud', claims: { token_use: 'access' }, reason: 'issuer_rule' },
    ],
  },
  {
    ...googleKeys,
    name: 'Google, ID token',
    peculiar: 'two forms of `iss`: this one',
    header: googleHeader,
    claims: googleClaims,
    entry: googleEntry,
    gives: { subject: '110169484474386276334', clientId: googleClient, scopes: [] },
    nearMisses: [wrongAudience('other.apps.googleusercontent.com'), wrongIssuer('https://accounts.google.com/', 'with a slash')],
  },
  {
    ...googleKeys,
    name: 'Google, ID token, issuer without scheme',
    peculiar: 'two forms of `iss`: a name without https',
    header: googleHeader,
    claims: { ...googleClaims, iss: 'accounts.google.com' },
    entry: googleEntry,
    gives: { subject: '110169484474386276334', clientId: googleClient, scopes: [] },
    nearMisses: [
      wrongIssuer('http://accounts.google.com', 'with http'),
      wrongIssuer('accounts.google.com.attacker.example', 'a longer host'),
    ],
  },
  {
    ...googleKeys,
    name: 'Firebase Authentication, ID token',
    peculiar: 'project in `iss` and `aud`; keys are shared by all projects',
    header: googleHeader,
    claims: {
      ...times(3600),
      iss: 'https://securetoken.google.com/my-project',
      aud: 'my-project',
      auth_time: now - 5,
      user_id: 'uid1',
      sub: 'uid1',
      firebase: { identities: { email: ['a@example.org'] }, sign_in_provider: 'password' },
    },
    jwksUrl: 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
    entry: [
      'jwks',
      {
        issuer: 'https://securetoken.google.com/my-project',
        url: 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
        algorithms: ['RS256'],
        audience: 'my-project',
      },
    ],
    gives: { subject: 'uid1', scopes: [] },
    nearMisses: [wrongIssuer('https://securetoken.google.com/other-project', 'another project, same keys'), wrongAudience('other-project')],
  },
]
