import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PasswordAuthenticator, Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { handle } from '@countersign/express'
import { type HostUser, hostUsers, type PasswordGrantOptions, passwordGrants } from '@countersign/grants/password'
import express from 'express'
import { onTestFinished } from 'vitest'
import { basic, setup } from './endpoint-setup.js'

const mfa = 'urn:countersign:grant-type:mfa'

/** What the endpoint says over HTTP. */
interface Said {
  readonly status: number
  readonly retryAfter: string | null
  /** The body as it was sent. */
  readonly text: string
  readonly body: { readonly error?: string; readonly mfa_token?: string; readonly access_token?: string; readonly expires_in?: number }
}

/** Sends to a server of one process. */
export interface SignIns {
  signIn(username: string, password: string): Promise<Said>
  answer(token: string | undefined, code: string): Promise<Said>
}

/** Servers over HTTP on Express, one for each process, of one issuer and one client. */
export async function servers(
  opened: readonly Stores[],
  authenticators: readonly PasswordAuthenticator[],
  {
    issuer = `https://${randomUUID()}.example`,
    now = Date.now,
    ...options
  }: Partial<PasswordGrantOptions> & { readonly issuer?: string } = {},
): Promise<readonly SignIns[]> {
  const suites = opened.map((allStores, at) => {
    const authenticator = authenticators[at % authenticators.length] as PasswordAuthenticator
    return setup({ allStores, issuer, grants: passwordGrants({ authenticator, now, ...options }), now, clientOptions: { now } })
  })
  const client = await suites[0]?.register({ grants: ['password'], isFirstParty: true })
  // Peppers differ between the suites: a public client is the same in all.
  const headers = client === undefined ? {} : basic(client.id, client.secret)
  const id = randomUUID()
  await suites[0]?.clients.register({ id, grants: ['password'], isFirstParty: true, authMethods: ['none'], scopes: [], secret: false })
  return Promise.all(
    suites.map(async ({ endpoint }, at) => {
      const app = express()
      app.post('/token', handle(endpoint))
      const server = createServer(app).listen(0, '127.0.0.1')
      await once(server, 'listening')
      onTestFinished(() => void server.close())
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
      const post = async (form: Readonly<Record<string, string>>): Promise<Said> => {
        const who = at === 0 ? { headers } : {}
        const body = new URLSearchParams(at === 0 ? form : { ...form, client_id: id })
        const reply = await fetch(url, { method: 'POST', body, ...who })
        const text = await reply.text()
        return {
          status: reply.status,
          retryAfter: reply.headers.get('retry-after'),
          text,
          body: text.startsWith('{') ? (JSON.parse(text) as Said['body']) : {},
        }
      }
      return {
        signIn: (username, password) => post({ grant_type: 'password', username, password }),
        answer: (token = '', code) => post({ grant_type: mfa, mfa_token: token, code }),
      }
    }),
  )
}

/** Users of a host's table, whose hashes are their passwords, and the codes that were sent to them. */
export function table(send: (code: string) => Promise<void> = async () => undefined) {
  const users = new Map<string, HostUser>([
    ['ann', { subject: 'u-ann', passwordHash: 'right', needsCode: true }],
    ['bob', { subject: 'u-bob', passwordHash: 'right', needsCode: true }],
  ])
  const sent: { readonly to: string; readonly code: string }[] = []
  const authenticator = hostUsers({
    findUser: async (name) => users.get(name.toLowerCase()),
    verifyPassword: async (hash, password) => hash === password,
    unknownUserHash: 'none',
    async sendCode({ subject }, code) {
      sent.push({ to: subject, code })
      await send(code)
    },
  })
  const code = (): string => sent.at(-1)?.code ?? ''
  return { users, sent, authenticator, code, wrongCode: () => code().replace(/./, (digit) => String((Number(digit) + 1) % 10)) }
}

/** A table and one server with stores of its own. */
export async function oneServer(
  options: Partial<PasswordGrantOptions> = {},
  stores: Stores = memoryStores(options.now && { now: options.now }),
) {
  const host = table()
  const [server] = await servers([stores], [host.authenticator], options)
  if (server === undefined) throw new Error('no server')
  return { ...host, ...server, stores }
}
