import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { Signer } from '@countersign/core'
import { createSigner, signJwt } from '@countersign/jwt'
import type { DocumentedServer, HttpAnswer } from './documented-servers.js'
import type { Revoked } from './matrix-table.js'

export const issuer = 'https://api.example'
export const bearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
export const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

/** How a client shows who it is. */
type Proof = () => Promise<{ readonly headers?: Record<string, string>; readonly form?: Record<string, string> }>

/** A client with everything that can be revoked of it, and a person who signs in with it. */
export interface World {
  readonly row: Revoked
  readonly clientId: string
  readonly secretId: string
  readonly secret: string
  /** What everything here is obtained with, and what goes on where that was revoked. */
  readonly used: Proof
  readonly other: Proof
  readonly person: string
  /** Signs with the client's key `k1`. */
  jwt(changes: object): Promise<string>
  token(server: DocumentedServer, form: Record<string, string>, proof: Proof): Promise<HttpAnswer>
}

/** A token endpoint that cannot tell says 503: asked again, as a client does, for as long as it takes. */
async function answered(ask: () => Promise<HttpAnswer>, tries = 40): Promise<HttpAnswer> {
  const answer = await ask()
  if (answer.status !== 503 || tries === 0) return answer
  await new Promise((resolve) => setTimeout(resolve, 100))
  return answered(ask, tries - 1)
}

/** The answer to what has to work. */
export function good(answer: HttpAnswer): HttpAnswer['body'] {
  if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

async function keyOf(server: DocumentedServer, owner: string, kid: string): Promise<Signer> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const made = await server.call<{ ok: boolean }>('registerKey', { owner, kid, jwk: publicKey.export({ format: 'jwk' }) })
  if (!made.ok) throw new Error(JSON.stringify(made))
  return createSigner({ key: privateKey, algorithm: 'ES256', kid })
}

interface Owned {
  readonly clientId: string
  readonly secretId: string
  readonly secret: string
}

/** Integrations are made by their API, all others by `clients`. */
async function clientOf(server: DocumentedServer, row: Revoked): Promise<Owned> {
  if (row === 'integration' || row === 'credential' || row === 'entity') {
    const made = await server.call<{ clientId: string; credentialId: string; secret: string }>('createIntegration', 'vendor-1')
    await server.call('enroll', 'd1', made.clientId)
    return { clientId: made.clientId, secretId: made.credentialId, secret: made.secret }
  }
  const made = await server.call<{ client: { id: string }; secret: { id: string; secret: string } }>('registerAll')
  return { clientId: made.client.id, secretId: made.secret.id, secret: made.secret.secret }
}

/** Begins what a cell is about. */
export async function createWorld(server: DocumentedServer, row: Revoked): Promise<World> {
  const { clientId, secretId, secret } = await clientOf(server, row)
  const second = await server.call<{ secret: string }>('addSecret', clientId)
  const signer = await keyOf(server, clientId, 'k1')
  const jwt = (changes: object): Promise<string> => {
    const now = Math.floor(Date.now() / 1000)
    return signJwt({ iss: clientId, aud: issuer, jti: randomUUID(), iat: now, exp: now + 60, ...changes }, { signer, typ: 'JWT' })
  }
  const bySecret =
    (text: string): Proof =>
    async () => ({ headers: basic(clientId, text) })
  const byKey: Proof = async () => ({
    form: {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await jwt({ sub: clientId }),
    },
  })
  return {
    row,
    clientId,
    secretId,
    secret,
    used: row === 'client key' ? byKey : bySecret(secret),
    other: bySecret(second.secret),
    person: `ann-${randomUUID()}`,
    jwt,
    token: (at, form, proof) =>
      answered(async () => {
        const { headers = {}, form: further } = await proof()
        return at.send('POST', '/token', { headers, form: { ...form, ...further } })
      }),
  }
}
