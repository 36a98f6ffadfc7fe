import { randomUUID } from 'node:crypto'
import type { MountAdapter, MountApp, TestKey } from '@countersign/testkit'
import { signToken } from '@countersign/testkit'
import { issuer, peopleIssuer, peopleKey, rs256Other, startsAt } from './constants.js'
import { type Ask, createRecorder, listen, type Step } from './recorder.js'
import { seed } from './seed.js'
import { createWorld, type World, type WorldOptions } from './world.js'

/** Requests in one world. */
export interface Scenario {
  readonly name: string
  /** @param record - keeps what is put on record */
  readonly options?: (record: (entry: unknown) => void) => WorldOptions
  /** Mounts what not every world has. */
  readonly mount?: (app: MountApp, world: World) => void
  run(world: World, ask: Ask): Promise<void>
}

/** Runs the requests over HTTP, on one framework. */
export async function runScenario(scenario: Scenario, { start }: MountAdapter): Promise<readonly Step[]> {
  const entries: unknown[] = []
  const world = await createWorld(scenario.options?.((entry) => void entries.push(entry)))
  await seed(world)
  const server = await start((app) => {
    for (const method of ['POST', 'GET'] as const) app.handle(method, '/token', world.token)
    app.handle('POST', '/introspect', world.introspection)
    app.handle('POST', '/revoke', world.revocation)
    scenario.mount?.(app, world)
  })
  const heard = listen()
  try {
    const { ask, finish } = createRecorder(server.url, { take: heard.take, audited: () => entries.splice(0) })
    await scenario.run(world, ask)
    return JSON.parse(JSON.stringify(finish())) as readonly Step[]
  } finally {
    heard.end()
    await server.close()
    await world.close()
  }
}

type Claims = Readonly<Record<string, unknown>>

/** A JWT that a client signs with its key `k1`, good for five minutes. An undefined claim is left out. */
export function signedBy(
  client: string,
  claims: Claims = {},
  { key = rs256Other, kid = 'k1', typ = 'JWT' }: { key?: TestKey; kid?: string; typ?: string } = {},
): Promise<string> {
  const usual = { iss: client, sub: client, aud: issuer, iat: startsAt, exp: startsAt + 300, jti: randomUUID() }
  return signToken({ claims: { ...usual, ...claims }, key, header: { kid, typ } })
}

/** A token of a person, from an issuer that is trusted. */
export function personToken(claims: Claims = {}, key: TestKey = peopleKey): Promise<string> {
  const times = { iat: startsAt, exp: startsAt + 300, auth_time: startsAt - 10 }
  const usual = { iss: peopleIssuer, sub: 'u-dora', aud: issuer, ...times, amr: ['pwd', 'otp', 'mfa'], scope: 'read', jti: randomUUID() }
  return signToken({ claims: { ...usual, ...claims }, key, header: { kid: key.kid } })
}

/** A text among the members of an answer. */
export const textOf = ({ body }: { readonly body: Readonly<Record<string, unknown>> }, name: string): string => String(body[name])
