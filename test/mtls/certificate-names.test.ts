import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type ClientSettings, clientCredentials, createTokenEndpoint } from '@countersign/grants'
import { expect, it } from 'vitest'
import { audience, issuer, setup, signer } from '../grants/endpoint-setup.js'
import { ca, makeIdentity } from './identities.js'

type Name = NonNullable<ClientSettings['tlsClientAuth']>

/** The error of a token request with a certificate, by a client with a registered name. */
async function outcomeOf(der: Uint8Array, tlsClientAuth: Name, isAuthorized = true): Promise<string> {
  const { stores, clients, clock } = setup()
  await clients.register({ id: 'a', authMethods: ['tls_client_auth'], tlsClientAuth, grants: ['client_credentials'] })
  const certificate = { from: () => ({ der, isAuthorized }) }
  const endpoint = createTokenEndpoint({
    issuer,
    signer,
    stores,
    clients,
    audience,
    grants: [clientCredentials()],
    now: clock.now,
    certificate,
  })
  const body = 'grant_type=client_credentials&client_id=a'
  const { status } = await endpoint({
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
    ip: '192.0.2.1',
  })
  return status === 200 ? 'admitted' : String(status)
}

/** The name of a certificate as openssl writes it by RFC 2253, which RFC 4514 follows. */
async function nameByOpenssl(cert: string): Promise<string> {
  const child = promisify(execFile)('openssl', ['x509', '-noout', '-subject', '-nameopt', 'RFC2253,-esc_msb,utf8'])
  child.child.stdin?.end(cert)
  return (await child).stdout.trim().replace(/^subject=\s*/, '')
}

it.each([
  '/C=DE/O=Clinic/CN=records',
  '/C=DE/O=Clinic, Ltd + Sons/CN=a "b" <c>; d\\\\e',
  '/CN=\\ # leading/O= trailing ',
  '/C=DE/L=Zürich/O=Ärzte/CN=日本',
  '/DC=example/DC=clinic/UID=7/CN=x',
  '/C=DE/OU=b/OU=a/serialNumber=12/street=1 Way/ST=BY/SN=S/CN=x',
])('the subject %s is that which openssl writes, and no other', async (subject) => {
  const { der, cert } = await makeIdentity({ subject, ca })
  const subjectDn = await nameByOpenssl(cert)
  expect(await outcomeOf(der, { subjectDn })).toBe('admitted')
  expect(await outcomeOf(der, { subjectDn }, false)).toBe('401')
  expect(await outcomeOf(der, { subjectDn: `${subjectDn},O=more` })).toBe('401')
  expect(await outcomeOf(der, { subjectDn: 'CN=records' })).toBe('401')
})

const names =
  'subjectAltName=DNS:api.Clinic.example,DNS:*.clinic.example,URI:spiffe://clinic/api,IP:192.0.2.7,IP:2001:db8::7,email:api@clinic.example'
const { der } = await makeIdentity({ subject: '/CN=only.example', extensions: [names], ca })

it.each<readonly [Name, string]>([
  [{ sanDns: 'API.clinic.example' }, 'admitted'],
  [{ sanDns: 'other.clinic.example' }, '401'],
  [{ sanDns: 'only.example' }, '401'],
  [{ sanUri: 'spiffe://clinic/api' }, 'admitted'],
  [{ sanUri: 'spiffe://clinic/API' }, '401'],
  [{ sanIp: '192.0.2.7' }, 'admitted'],
  [{ sanIp: '2001:0DB8:0:0:0:0:0:7' }, 'admitted'],
  [{ sanIp: '::ffff:192.0.2.7' }, '401'],
  [{ sanEmail: 'api@clinic.example' }, 'admitted'],
  [{ sanEmail: 'api@clinic.example.net' }, '401'],
])('of alternative names, %j is %s', async (name, outcome) => {
  expect(await outcomeOf(der, name)).toBe(outcome)
})

it('what is not DER, or is cut anywhere, admits nobody', async () => {
  const cut = Array.from({ length: 40 }, (_, at) => der.subarray(0, Math.floor((der.length * at) / 40)))
  const outcomes = await Promise.all([...cut, Buffer.concat([der, Buffer.of(0)])].map((bytes) => outcomeOf(bytes, { sanIp: '192.0.2.7' })))
  expect(new Set(outcomes)).toEqual(new Set(['401']))
})

it.each<readonly [Partial<ClientSettings>, string]>([
  [{ tlsClientAuth: {} }, 'tlsClientAuth must have exactly one name'],
  [{ tlsClientAuth: { sanDns: 'a', sanUri: 'b' } }, 'got sanDns, sanUri'],
  [{ tlsClientAuth: { sanDns: 'a' }, authMethods: ['client_secret_basic'] }, 'must not be given without it, got sanDns'],
  [{ tlsClientAuth: { subjectDn: 'CN=a, O=b' } }, 'must be a name as RFC 4514 writes it'],
  [{ tlsClientAuth: { sanIp: 'host' } }, 'must be an IPv4 or IPv6 address'],
])('the settings %j are refused', async (settings, message) => {
  const { clients } = setup()
  const registration = { id: 'a', authMethods: ['tls_client_auth' as const], grants: ['client_credentials'], ...settings }
  await expect(clients.register(registration)).rejects.toThrow(message)
})
