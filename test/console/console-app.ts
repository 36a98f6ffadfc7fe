import { randomBytes } from 'node:crypto'
import { type ConsoleOptions, type ConsoleUser, createConsole } from '@countersign/console'
import type { Stores } from '@countersign/core'
import type { MountAdapter } from '@countersign/testkit'
import { type Deployment, department, deploy, vendor } from '../integrations/account-setup.js'
import { type Browser, browser } from './browser.js'

type TestAuth = ReturnType<Deployment['guard']['authOf']>
type User = ConsoleUser<TestAuth>

export interface ConsoleApp extends Deployment {
  readonly url: string
  /** Opens a browser of somebody: `root` is the operator, `vera` acts for the vendor, `carl` for the department. */
  as(user?: string): Browser
  /** Signs everybody in anew. */
  newSession(): void
  /** Makes the host fail. */
  breakHost(error: Error | undefined): void
  close(): Promise<void>
}

const secrets = { current: { id: '1', secret: randomBytes(32) } }

/** What both frameworks have of a request. */
interface HostRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** A console on a framework, whose host knows people by a cookie. */
export async function startConsole(
  start: MountAdapter['start'],
  changes: Partial<ConsoleOptions<TestAuth, HostRequest>> = {},
  given: { readonly stores?: Stores; readonly deployment?: Deployment } = {},
): Promise<ConsoleApp> {
  const deployment = given.deployment ?? deploy({}, given.stores)
  const { integrations, stores, guard } = deployment
  const state: { session: number; error: Error | undefined } = { session: 1, error: undefined }

  async function ownerOf(id: string, entities: readonly string[]): Promise<User> {
    const token = await deployment.person(entities, { sub: id })
    const admission = await guard.check({ headers: { authorization: `Bearer ${token}` } })
    if (!admission.ok || admission.anonymous) throw new Error('the person was not admitted')
    return { role: 'owner', id, session: String(state.session), auth: admission.auth, entities }
  }
  const people: Readonly<Record<string, () => User | Promise<User>>> = {
    root: () => ({ role: 'operator', id: 'root', session: String(state.session), entities: [vendor, department] }),
    vera: () => ownerOf('vera', [vendor]),
    carl: () => ownerOf('carl', [department]),
  }
  const server = await start((app) => {
    app.routes(
      createConsole<TestAuth, HostRequest>({
        parts: { integrations, audit: stores.audit, replay: stores.replay },
        operator: async (request) => {
          if (state.error !== undefined) throw state.error
          const name = /(?:^|; )user=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
          return people[name]?.()
        },
        secrets,
        now: deployment.clock.now,
        ...changes,
      }),
    )
  })
  return {
    ...deployment,
    ...server,
    as: (user) => browser(server.url, user),
    newSession: () => {
      state.session += 1
    },
    breakHost: (error) => {
      state.error = error
    },
  }
}
