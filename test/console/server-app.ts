import { randomBytes } from 'node:crypto'
import { type Console, type ConsoleOptions, type ConsoleUser, createConsole } from '@countersign/console'
import type { Auth, Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { type MountAdapter, publicJwkOf, testKeys, tokenFactory } from '@countersign/testkit'
import { createAuthorizationServer, staticKeys } from 'countersign'
import { type Browser, browser } from './browser.js'

const issuer = 'https://api.example'
const peopleIssuer = 'https://people.example'
export const [vendor, department] = ['VN00000001', 'FD00000001'] as const

const masterSecret = { current: { id: '1', secret: randomBytes(32) } }
const mine = ({ claims }: Auth, entity: string): boolean => Array.isArray(claims.entities) && claims.entities.includes(entity)

function makeServer(stores: Stores) {
  const { rs256 } = testKeys
  const server = createAuthorizationServer({
    issuer,
    stores,
    masterSecret,
    grants: ['client_credentials'],
    trust: {
      people: staticKeys({ issuer: peopleIssuer, keys: { keys: [publicJwkOf(rs256)] }, audience: issuer, algorithms: ['RS256'] }),
    },
  })
  const integrations = server.integrations({
    settings: { grants: ['client_credentials'] },
    types: ['CAD', 'RMS'],
    policies: { mayManage: mine, mayEnroll: (auth, { entity }) => mine(auth, entity) },
    entityId: /^(FD|VN)\d{8}$/,
  })
  return { server, integrations, people: tokenFactory({ issuer: peopleIssuer, keys: [rs256], audience: issuer }) }
}

type Made = ReturnType<typeof makeServer>

export interface ServerApp extends Made {
  readonly url: string
  readonly console: Console
  /** Opens a browser without scripts: `root` is the operator, `vera` acts for the vendor, `carl` for the department. */
  as(user?: string): Browser
  newSession(): void
  close(): Promise<void>
}

interface HostRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** A whole authorization server with its console. */
export async function startServerApp(
  start: MountAdapter['start'],
  stores: Stores = memoryStores(),
  changes: Partial<ConsoleOptions<Auth, HostRequest>> = {},
): Promise<ServerApp> {
  const made = makeServer(stores)
  const { server, integrations, people } = made
  const state = { session: 1 }

  async function ownerOf(id: string, entities: readonly string[]): Promise<ConsoleUser> {
    const authTime = Math.floor(Date.now() / 1000)
    const token = await people.token({ claims: { sub: id, client_id: 'login', entities, amr: ['mfa'], auth_time: authTime } })
    const admission = await server.guard.check({ headers: { authorization: `Bearer ${token}` } })
    if (!admission.ok || admission.anonymous) throw new Error('the person was not admitted')
    return { role: 'owner', id, session: String(state.session), auth: admission.auth, entities }
  }
  const users: Readonly<Record<string, () => ConsoleUser | Promise<ConsoleUser>>> = {
    root: () => ({ role: 'operator', id: 'root', name: 'Root of all', session: String(state.session), entities: [vendor, department] }),
    vera: () => ownerOf('vera', [vendor]),
    carl: () => ownerOf('carl', [department]),
  }
  const table = createConsole<Auth, HostRequest>({
    server,
    parts: { integrations, integrationTypes: ['CAD', 'RMS'] },
    operator: (request) => users[/(?:^|; )user=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '']?.(),
    secrets: { current: { id: '1', secret: randomBytes(32) } },
    ...changes,
  })
  await server.ready()
  const listening = await start((app) => {
    app.routes(server.routes)
    app.routes(table)
  })
  return {
    ...made,
    ...listening,
    console: table,
    as: (user) => browser(listening.url, user),
    newSession: () => {
      state.session += 1
    },
    async close() {
      table.close()
      await listening.close()
      await server.close()
    },
  }
}
