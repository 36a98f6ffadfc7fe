import { randomBytes } from 'node:crypto'
import type { ConsoleParts, ConsoleServer } from '@countersign/console'
import type { Auth, SecretsOption } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createAuthorizationServer } from 'countersign'
import Koa from 'koa'
import request from 'supertest'
import { expect } from 'vitest'
import type { Ran, Uses } from './use.js'

/** The program for production serves, refuses strangers, is ready, and ends by its own handler of the signal. */
async function production(_nothing: unknown, { url }: Ran): Promise<void> {
  const form = { grant_type: 'client_credentials', client_id: 'stranger', client_secret: 'unknown' }
  await request(url).post('/token').type('form').send(form).expect(401)
  await request(url).get('/jobs').expect(401)
  await request(url).get('/livez').expect(200)
  await request(url).get('/readyz').expect(200, { failed: [] })
  const end = process.listeners('SIGTERM').at(-1)
  end?.('SIGTERM')
  await expect
    .poll(() =>
      request(url)
        .get('/livez')
        .then(
          () => 'served',
          () => 'ended',
        ),
    )
    .toBe('ended')
}

async function whoIs(who: (request: object) => unknown): Promise<void> {
  expect(() => who({})).toThrow('did not admit this request')
}

type FindPerson = (context: Koa.Context) => Promise<{ readonly auth: Auth; readonly entities: readonly string[] } | undefined>
type Shown = { readonly server: ConsoleServer; readonly integrations: Required<ConsoleParts>['integrations'] }
type MountConsole = (app: Koa, shown: Shown, secrets: SecretsOption, findPerson: FindPerson) => void

/** Strangers are sent to sign in, and people of the host see what is theirs. */
async function consoleOnKoa(mountConsole: MountConsole): Promise<void> {
  const issuer = 'https://api.example'
  const secrets = { current: { id: '1', secret: randomBytes(32) } }
  const server = createAuthorizationServer({ issuer, stores: memoryStores(), masterSecret: secrets, grants: ['client_credentials'] })
  const policies = { mayManage: () => true, mayEnroll: () => true }
  const integrations = server.integrations({ settings: { grants: ['client_credentials'] }, policies })
  const auth = { via: 'people', issuer, subject: 'vera', scopes: [], claims: {} } as unknown as Auth
  const vera = { auth, entities: ['VN00000001'] }
  const app = new Koa()
  mountConsole(app, { server, integrations }, secrets, async ({ headers }) => (headers.cookie === 'user=vera' ? vera : undefined))
  const http = request(app.callback())
  const stranger = await http.get('/console').redirects(0)
  expect(stranger.status).toBe(303)
  expect(stranger.headers.location).toContain('/sign-in?return_to=')
  const page = await http.get('/console').set('cookie', 'user=vera').redirects(1).expect(200)
  expect(page.text).toContain('VN00000001')
  await server.close()
}

export const serverPages: Readonly<Record<string, Uses>> = {
  'docs/console.md': { mountConsole: consoleOnKoa },
  'docs/production.md': { listening: production },
  'packages/countersign/README.md': { whoIs },
}
