import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quietPool, schemasOf } from '../postgres/postgres-backend.js'
import { describeWith } from '../services.js'
import type { Place } from './documented-control.js'
import { bearer, endings } from './documented-endings.js'
import type { Wiring } from './documented-programs.js'
import { type DocumentedServer, documentedServers } from './documented-servers.js'
import { issuingUnderRevocation } from './issuing-under-revocation.js'

/** The page that has it, and which program it is. */
const wirings: readonly (readonly [page: string, Wiring])[] = [
  ['the README', 'server'],
  ['docs/parts.md', 'parts'],
]
const names = Object.keys(endings)
const statusOf = async (server: DocumentedServer, token: string): Promise<number> =>
  (await server.send('GET', '/jobs', { headers: bearer(token) })).status

describe.each(wirings)('the program of %s, one process', (_page, wiring) => {
  const servers = documentedServers(wiring)
  const state: { server: DocumentedServer | undefined } = { server: undefined }
  beforeAll(async () => {
    state.server = await servers.start()
  }, 60_000)
  afterAll(() => servers.endAll())

  it.each(names)('%s: the very next request is refused', async (name) => {
    const server = state.server as DocumentedServer
    const { token, end } = (await endings[name]?.(server)) ?? expect.fail()
    expect([await statusOf(server, token), await statusOf(server, token)]).toEqual([200, 200])
    await end()
    expect(await statusOf(server, token)).toBe(401)
  })
})

function twoProcesses(wiring: Wiring, place: () => Promise<Place>): void {
  const servers = documentedServers(wiring)
  const state: { servers: readonly [DocumentedServer, DocumentedServer] | undefined } = { servers: undefined }
  beforeAll(async () => {
    const where = await place()
    state.servers = [await servers.start(where), await servers.start(where)]
  }, 60_000)
  afterAll(() => servers.endAll())

  it.each(names)('%s: refused by the next request of its process, and by the other process within 2 s', async (name) => {
    const [here, there] = state.servers ?? expect.fail()
    const { token, end } = (await endings[name]?.(here)) ?? expect.fail()
    expect([await statusOf(here, token), await statusOf(there, token)]).toEqual([200, 200])
    await end()
    const begun = performance.now()
    expect(await statusOf(here, token)).toBe(401)
    await expect.poll(() => statusOf(there, token), { timeout: 2_000, interval: 20 }).toBe(401)
    expect(performance.now() - begun).toBeLessThan(2_000)
  })

  it('after keys.signing.revoke no process signs with that key any more, and every answer is a token that lives or 503', async () => {
    const figures = await issuingUnderRevocation(state.servers ?? expect.fail())
    console.info('two processes issue while one of them revokes the signing key', figures)
    expect(figures.deadAfterBound).toBe(0)
    expect(figures.deadInRevokingProcess).toBe(0)
    expect(figures.otherAnswers).toEqual([])
    expect(figures.issuedAfterBound).toBeGreaterThan(20)
  }, 60_000)
}

describeWith('redis', 'two processes on one Redis', (url) => {
  describe.each(wirings)('with the program of %s', (_page, wiring) => {
    twoProcesses(wiring, async () => ({ redis: url, prefix: `wiring-${randomBytes(6).toString('hex')}` }))
  })
})

describeWith('postgres', 'two processes on one PostgreSQL', (url) => {
  describe.each(wirings)('with the program of %s', (_page, wiring) => {
    const admin = quietPool(url)
    const schemas = schemasOf(admin)
    const state = { schema: '' }
    twoProcesses(wiring, async () => {
      state.schema = await schemas.create()
      return { postgres: url, schema: state.schema }
    })
    afterAll(async () => {
      await schemas.drop(state.schema)
      await admin.end()
    })
  })
})
