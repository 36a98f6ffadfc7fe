import { testKeys } from '@countersign/testkit'
import { type AtlasRow, jwksOf, now, times, wrongAudience, wrongIssuer } from './atlas-row.js'

const tenant = '11111111-2222-3333-4444-555555555555'
const otherTenant = '99999999-2222-3333-4444-555555555555'
const api = 'aaaaaaaa-0000-4000-8000-000000000001'
const client = 'bbbbbbbb-0000-4000-8000-000000000002'
const kid = 'Sx1ntheticEntraKeyThumbprint'
const key = testKeys.rs256
const x5c = ['MIIC/synthetic']
/** Entra's keys state no `alg`, and carry members that are no RFC's. */
const entraKeys = jwksOf(key, kid, { alg: undefined, x5t: kid, x5c, cloud_instance_name: 'microsoftonline.com' })

const person = {
  oid: 'cccccccc-0000-4000-8000-000000000003',
  sub: 'pairwise-subject-of-the-person',
  tid: tenant,
  uti: 'UtiUtiUtiUtiUtiUtiUtiA',
  rh: '1.AAAA',
  aio: 'AXQAi/8TAAAA',
}
const lasting = { iat: now - 300, nbf: now - 300, exp: now + 4200 }
const v2Issuer = `https://login.microsoftonline.com/${tenant}/v2.0`
const v2Keys = `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`
const v2Entry: AtlasRow['entry'] = ['jwks', { issuer: v2Issuer, url: v2Keys, algorithms: ['RS256'], audience: api }]

/** Microsoft: Entra ID in both versions, B2C and AD FS. */
export const entra: readonly AtlasRow[] = [
  {
    name: 'Microsoft Entra ID v2, delegated access token',
    peculiar: 'no `alg` in the JWKS; tenant in `iss`; `scp`; keys are shared by all tenants',
    header: { typ: 'JWT', alg: 'RS256', kid },
    claims: { ...person, ...lasting, aud: api, iss: v2Issuer, azp: client, azpacr: '1', name: 'A', scp: 'read write', ver: '2.0' },
    key,
    jwksUrl: v2Keys,
    jwks: entraKeys.map((jwk) => ({ ...jwk, issuer: v2Issuer })),
    entry: v2Entry,
    gives: { subject: person.sub, clientId: client, scopes: ['read', 'write'] },
    nearMisses: [
      wrongIssuer(`https://login.microsoftonline.com/${otherTenant}/v2.0`),
      wrongIssuer(`https://sts.windows.net/${tenant}/`, 'the same tenant in version 1'),
      wrongIssuer('https://login.microsoftonline.com/{tenantid}/v2.0', 'the template of the common metadata'),
      wrongAudience('00000003-0000-0000-c000-000000000000'),
    ],
  },
  {
    name: 'Microsoft Entra ID v2, application token',
    peculiar: '`roles` instead of scopes; `sub` is the application',
    header: { typ: 'JWT', alg: 'RS256', kid },
    claims: { ...person, ...lasting, aud: api, iss: v2Issuer, azp: client, idtyp: 'app', roles: ['Orders.Read.All'], ver: '2.0' },
    key,
    jwksUrl: v2Keys,
    jwks: entraKeys,
    entry: [
      'jwks',
      {
        issuer: v2Issuer,
        url: v2Keys,
        algorithms: ['RS256'],
        audience: api,
        scopes: (claims) => (Array.isArray(claims.roles) ? claims.roles : []),
      },
    ],
    gives: { subject: person.sub, clientId: client, scopes: ['Orders.Read.All'] },
    nearMisses: [wrongAudience(`api://${api}`)],
  },
  {
    name: 'Microsoft Entra ID v1, delegated access token',
    peculiar: '`iss` of sts.windows.net with a slash at the end; `aud` is a URI; `appid`; `x5t` beside `kid`',
    header: { typ: 'JWT', alg: 'RS256', x5t: kid, kid },
    claims: {
      ...person,
      ...lasting,
      aud: `api://${api}`,
      iss: `https://sts.windows.net/${tenant}/`,
      acr: '1',
      amr: ['pwd', 'mfa'],
      appid: client,
      appidacr: '0',
      idp: `https://sts.windows.net/${otherTenant}/`,
      scp: 'read',
      unique_name: 'a@example.org',
      ver: '1.0',
    },
    key,
    jwksUrl: `https://login.microsoftonline.com/${tenant}/discovery/keys`,
    jwks: entraKeys,
    entry: [
      'jwks',
      {
        issuer: `https://sts.windows.net/${tenant}/`,
        url: `https://login.microsoftonline.com/${tenant}/discovery/keys`,
        algorithms: ['RS256'],
        audience: `api://${api}`,
      },
    ],
    gives: { subject: person.sub, clientId: client, scopes: ['read'] },
    nearMisses: [
      wrongIssuer(`https://sts.windows.net/${otherTenant}/`),
      wrongIssuer(`https://sts.windows.net/${tenant}`, 'without the slash'),
      wrongAudience('https://graph.microsoft.com'),
    ],
  },
  {
    name: 'Azure AD B2C, access token',
    peculiar: 'no `alg` in the JWKS, but a member `nbf`; policy in `tfp`; slash at the end of `iss`',
    header: { alg: 'RS256', kid: 'X5eXk4xyojNFum1kl2Ytv8dlNP4-synthetic', typ: 'JWT' },
    claims: {
      ...lasting,
      aud: api,
      iss: `https://contoso.b2clogin.com/${tenant}/v2.0/`,
      sub: person.oid,
      oid: person.oid,
      tfp: 'B2C_1_signin',
      nonce: 'n',
      scp: 'orders.read',
      azp: client,
      ver: '1.0',
    },
    key,
    jwksUrl: 'https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin/discovery/v2.0/keys',
    jwks: jwksOf(key, 'X5eXk4xyojNFum1kl2Ytv8dlNP4-synthetic', { alg: undefined, nbf: 1_494_877_580 }),
    entry: [
      'jwks',
      {
        issuer: `https://contoso.b2clogin.com/${tenant}/v2.0/`,
        url: 'https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin/discovery/v2.0/keys',
        algorithms: ['RS256'],
        audience: api,
      },
    ],
    gives: { subject: person.oid, clientId: client, scopes: ['orders.read'] },
    nearMisses: [wrongIssuer(`https://contoso.b2clogin.com/${otherTenant}/v2.0/`), wrongAudience(client)],
  },
  {
    name: 'AD FS, access token',
    peculiar: '`iss` is an http URL that is only a name; `aud` is a URN; `auth_time` is a date in words',
    header: { typ: 'JWT', alg: 'RS256', x5t: kid, kid },
    claims: {
      ...times(3600),
      aud: 'microsoft:identityserver:orders-api',
      iss: 'http://adfs.example.org/adfs/services/trust',
      sub: 'S-1-5-21-1-2-3-1001',
      apptype: 'Confidential',
      appid: client,
      authmethod: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
      auth_time: '2027-01-15T08:00:00.000Z',
      ver: '1.0',
      scp: 'user_impersonation',
    },
    key,
    jwksUrl: 'https://adfs.example.org/adfs/discovery/keys',
    jwks: jwksOf(key, kid, { x5t: kid, x5c }),
    entry: [
      'jwks',
      {
        issuer: 'http://adfs.example.org/adfs/services/trust',
        url: 'https://adfs.example.org/adfs/discovery/keys',
        algorithms: ['RS256'],
        audience: 'microsoft:identityserver:orders-api',
      },
    ],
    gives: { subject: 'S-1-5-21-1-2-3-1001', clientId: client, scopes: ['user_impersonation'] },
    nearMisses: [
      wrongIssuer('https://adfs.example.org/adfs/services/trust', 'the same name with https'),
      wrongIssuer('https://adfs.example.org/adfs', 'the issuer of its ID tokens'),
      wrongAudience('urn:microsoft:userinfo'),
    ],
  },
]
