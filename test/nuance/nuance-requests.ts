import { createHmac, type KeyObject, randomUUID, sign } from 'node:crypto'
import { type App, operatorToken } from './nuance-app.js'

/** Whatever an answer may hold. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: {
    readonly access_token: string
    readonly expires_in: number
    readonly error: string
    readonly error_description: string
    readonly subject: string
    readonly keys: readonly { kid: string; alg: string; state: string; not_before?: number; expires_at?: number; thumbprint: string }[]
  }
}

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>>
  readonly json?: unknown
}

export async function send(app: App, path: string, { method, headers, form, json }: Sent = {}): Promise<Answer> {
  const body = form ? new URLSearchParams(form).toString() : json === undefined ? undefined : JSON.stringify(json)
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
  const response = await fetch(app.url + path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(body !== undefined && { 'content-type': type }), ...headers },
    ...(body !== undefined && { body }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] }
}

export const basic = (id: string, secret: string): { readonly authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

export const seconds = (): number => Math.floor(Date.now() / 1000)
export const day = 86_400

const part = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** The claims of the vendor's page; undefined takes one away. */
export function subjectClaims(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const iat = seconds()
  const own = { iss: 'BELISLE', aud: 'NUANCE', jti: randomUUID(), sub: 'sacha.belisle', email: 'sacha@belisle.example' }
  return { ...own, iat, nbf: iat, exp: iat + day, ...changes }
}

export const subjectHeader = (kid: string | undefined): object => ({ alg: 'RS256', typ: 'JWT', kid })

/** Signed with RS256 by node:crypto alone. */
export function signed(key: KeyObject, claims: object, header: object): string {
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** The same with HS256. */
export function signedByHmac(secret: Uint8Array | string, claims: object, header: object): string {
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

export const tokenPath = '/oauth-server/oauth/token'
export const exchangeType = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const jwtType = 'urn:ietf:params:oauth:token-type:jwt'

export interface As {
  readonly id: string
  readonly secret: string
}

export const belisle: As = { id: 'belisle', secret: 'secret-of-belisle' }

/** Exchanges a subject token. */
export function exchange(app: App, token: string, { as = belisle, form = {} }: { as?: As; form?: object } = {}): Promise<Answer> {
  const parameters = { grant_type: exchangeType, subject_token: token, subject_token_type: jwtType, ...form }
  return send(app, tokenPath, { headers: basic(as.id, as.secret), form: parameters })
}

export const errorOf = ({ status, body: { error } }: Answer): string => `${status} ${error ?? ''}`.trim()

/** Asks the guarded route who is asking. */
export function ping(app: App, token: string): Promise<Answer> {
  return send(app, '/reporting/v3/ping', { headers: { authorization: `Bearer ${token}` } })
}

const keysPath = (id: string, kid?: string): string =>
  `/oauth-server/clients/${encodeURIComponent(id)}/keys${kid === undefined ? '' : `/${encodeURIComponent(kid)}`}`

/** The self-service of a client over its keys. */
export const keysOf = (app: App, as: As = belisle, owner = as.id) => ({
  list: () => send(app, keysPath(owner), { headers: basic(as.id, as.secret) }),
  add: (json: object) => send(app, keysPath(owner), { headers: basic(as.id, as.secret), json }),
  end: (kid: string, query = '') => send(app, keysPath(owner, kid) + query, { method: 'DELETE', headers: basic(as.id, as.secret) }),
})

/** What an operator does. */
export function operate(app: App, act: 'lock' | 'unlock', id: string, token = operatorToken): Promise<Answer> {
  const path = `/oauth-server/operator/clients/${encodeURIComponent(id)}/${act}`
  return send(app, path, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
}

const reasonsIn = (output: string): readonly string[] =>
  output.split('\n').flatMap((line) => (line.startsWith('{"refused"') ? [(JSON.parse(line) as { refused: string }).refused] : []))

/** `<status> <error> <reason>` of a refused request: the reason stands in the log of the app. */
export async function refusalOf(app: App, request: () => Promise<Answer>): Promise<string> {
  const before = reasonsIn(app.output()).length
  const answer = await request()
  const deadline = Date.now() + 2_000
  while (reasonsIn(app.output()).length === before && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
  return `${errorOf(answer)} ${reasonsIn(app.output())[before]}`
}
