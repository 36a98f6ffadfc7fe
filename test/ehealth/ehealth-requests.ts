import { Agent, request as open } from 'node:http'
import { createSigner, signJwt } from '@countersign/jwt'
import type { App } from './ehealth-app.js'
import { clients, signerKey } from './ehealth-seed.js'

/** An answer in the envelope of the system. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly envelope: {
    readonly meta: { readonly code: number; readonly url: string; readonly type: string; readonly request_id: string }
    readonly data?: Readonly<Record<string, unknown>>
    readonly error?: { readonly type: string; readonly message: string; readonly invalid?: readonly unknown[] }
  }
}

export interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object goes as JSON, a text as it is. */
  readonly body?: object | string
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** Sends a request; unlike `fetch`, also a GET with a body. */
export function send(app: App, { method = 'GET', path, headers = {}, body }: Sent): Promise<Answer> {
  const content = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const described = content && { 'content-type': 'application/json', 'content-length': String(content.length) }
  return new Promise((resolve, reject) => {
    const request = open(app.url + path, { method, agent, headers: { ...described, ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, envelope: JSON.parse(text) as Answer['envelope'] })
      })
    })
    request.on('error', reject)
    request.end(content)
  })
}

/** Status, type and message of an error. */
export const errorOf = ({ status, envelope: { error } }: Answer): string => `${status} ${error?.type} ${error?.message}`

/** Asks for a nonce. */
export async function nonceOf(app: App, client: (typeof clients)[keyof typeof clients] = clients.msp): Promise<string> {
  const body = { client_id: client.id, ...(client.type === 'TRUSTED_PIS' && { client_secret: client.secrets[0] }) }
  const answer = await send(app, { method: 'POST', path: '/oauth/nonce', body })
  if (answer.status !== 200) throw new Error(errorOf(answer))
  return String(answer.envelope.data?.token)
}

/** Redeems a nonce as a bearer. */
export function redeemBySms(app: App, token: string, body: object = { factor: '+380670000000', type: 'SMS' }): Promise<Answer> {
  return send(app, { method: 'POST', path: '/api/sms_verifications', headers: { authorization: `Bearer ${token}` }, body })
}

export interface Signing {
  readonly kid?: string
  readonly key?: string
  readonly content?: object
}

/** What a person signs: a compact JWS, in base64. */
async function signedContent(
  jwt: unknown,
  { kid = 'person', key = signerKey('person'), content = { jwt } }: Signing = {},
): Promise<string> {
  const signer = createSigner({ key, algorithm: 'ES256', kid })
  return Buffer.from(await signJwt(content, { signer, typ: 'JOSE' })).toString('base64')
}

/** The body of a login. */
export async function loginBody(jwt: unknown, changes: object = {}, signing?: Signing): Promise<{ readonly token: object }> {
  const fields = { grant_type: 'digital_signature', client_id: clients.msp.id, signed_content_encoding: 'base64', scope: 'a:read b:write' }
  return { token: { ...fields, signed_content: await signedContent(jwt, signing), ...changes } }
}

/** Redeems a nonce at login. */
export async function redeemAtLogin(app: App, jwt: unknown, changes: object = {}, signing?: Signing): Promise<Answer> {
  return send(app, { method: 'POST', path: '/auth/login', body: await loginBody(jwt, changes, signing) })
}
