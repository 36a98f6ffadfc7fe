import { randomUUID } from 'node:crypto'
import type { Signer } from '@countersign/core'
import { createSigner, signJwt } from '@countersign/jwt'
import { privateKeyOf, publicJwkOf, renameKey, testKeys } from '@countersign/testkit'
import type { DocumentedServer } from './documented-servers.js'

const issuer = 'https://api.example'

/** A token, and what ends it. */
interface Ending {
  readonly token: string
  end(): Promise<void>
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

interface Registered {
  readonly id: string
  readonly secret: string
  readonly secretId: string
}

export async function registered(server: DocumentedServer, changes: object = {}): Promise<Registered> {
  const settings = { grants: ['client_credentials'], scopes: ['jobs:read'], ...changes }
  const made = await server.call<{ client: { id: string }; secret: { id: string; secret: string } }>('register', settings)
  return { id: made.client.id, secret: made.secret.secret, secretId: made.secret.id }
}

async function tokenOf(server: DocumentedServer, { id, secret }: Pick<Registered, 'id' | 'secret'>): Promise<string> {
  const { status, body } = await server.send('POST', '/token', {
    headers: basic(id, secret),
    form: { grant_type: 'client_credentials' },
  })
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  return String(body.access_token)
}

async function delete_(server: DocumentedServer, path: string, headers: Record<string, string>): Promise<void> {
  const { status } = await server.send('DELETE', path, { headers })
  if (status !== 204) throw new Error(`DELETE ${path}: ${status}`)
}

/** A store that began a moment ago cannot prove that an assertion of now is new: asked again, as the client of a server would. */
async function tokenForAssertion(server: DocumentedServer, id: string, signer: Signer, tries = 80): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: id, sub: id, aud: issuer, jti: randomUUID(), iat: now, exp: now + 60 }
  const form = {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signJwt(claims, { signer, typ: 'JWT' }),
  }
  const { status, body } = await server.send('POST', '/token', { form })
  if (status === 200) return String(body.access_token)
  if (tries === 0) throw new Error(`${status} ${JSON.stringify(body)}`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  return tokenForAssertion(server, id, signer, tries - 1)
}

interface Made {
  readonly clientId: string
  readonly credentialId: string
  readonly secret: string
}

const claimOf = (token: string, name: string): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>)[name]

/** Each gets a token of a server and ends what it is owed to, in the way that is documented. */
export const endings: Readonly<Record<string, (server: DocumentedServer) => Promise<Ending>>> = {
  async 'clients.lock'(server) {
    const client = await registered(server)
    return { token: await tokenOf(server, client), end: () => server.call('lock', client.id) }
  },
  async 'a secret that is revoked'(server) {
    const client = await registered(server)
    return { token: await tokenOf(server, client), end: () => server.call('revokeSecret', client.id, client.secretId) }
  },
  async 'DELETE /integrations/:client_id'(server) {
    const { clientId, secret } = await server.call<Made>('createIntegration', 'vendor-1')
    const token = await tokenOf(server, { id: clientId, secret })
    return { token, end: async () => delete_(server, `/integrations/${clientId}`, bearer(await server.call('person'))) }
  },
  async 'DELETE /integrations/:client_id/credentials/:credential_id'(server) {
    const { clientId, credentialId, secret } = await server.call<Made>('createIntegration', 'vendor-1')
    const token = await tokenOf(server, { id: clientId, secret })
    const path = `/integrations/${clientId}/credentials/${credentialId}`
    return { token, end: async () => delete_(server, path, bearer(await server.call('person'))) }
  },
  async 'DELETE …/keys/k1?reason=compromised'(server) {
    const client = await registered(server, { authMethods: ['client_secret_basic', 'private_key_jwt'] })
    const key = renameKey(testKeys.es256, { kid: 'k1' })
    const { crv, kty, x, y } = publicJwkOf(key) as Record<string, string>
    const made = await server.call<{ ok: boolean }>('registerKey', { owner: client.id, kid: 'k1', jwk: { crv, kty, x, y } })
    if (!made.ok) throw new Error(JSON.stringify(made))
    const signer = createSigner({ key: privateKeyOf(key), algorithm: 'ES256', kid: 'k1' })
    const path = `/clients/${client.id}/keys/k1?reason=compromised`
    return { token: await tokenForAssertion(server, client.id, signer), end: () => delete_(server, path, basic(client.id, client.secret)) }
  },
  async 'POST /revoke'(server) {
    const client = await registered(server)
    const token = await tokenOf(server, client)
    return {
      token,
      async end() {
        const { status } = await server.send('POST', '/revoke', { headers: basic(client.id, client.secret), form: { token } })
        if (status !== 200) throw new Error(`${status}`)
      },
    }
  },
  async 'a jti that is revoked'(server) {
    const token = await tokenOf(server, await registered(server))
    const entry = { type: 'jti', issuer, jti: claimOf(token, 'jti'), expiresAt: claimOf(token, 'exp') }
    return { token, end: () => server.call('revoke', entry) }
  },
  async 'a subject that is revoked'(server) {
    const client = await registered(server)
    const entry = { type: 'subject', issuer, subject: client.id, notBefore: Math.ceil(Date.now() / 1000) }
    return { token: await tokenOf(server, client), end: () => server.call('revoke', { ...entry, notBefore: Math.ceil(Date.now() / 1000) }) }
  },
  async 'an own key that is revoked'(server) {
    const token = await tokenOf(server, await registered(server))
    return { token, end: () => server.call('revokeOwnKey') }
  },
}
