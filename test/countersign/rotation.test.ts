import { randomBytes } from 'node:crypto'
import type { DocumentStore, RotatingSecrets, Stores } from '@countersign/core'
import { Unavailable } from '@countersign/core'
import { memoryStores } from 'countersign'
import { afterAll, describe, expect, it } from 'vitest'
import { answerOf, newClient, servers } from './server-setup.js'

const all = servers()
afterAll(() => all.closeAll())

const first = { id: '1', secret: randomBytes(32).toString('base64') }
const second = { id: '2', secret: randomBytes(32).toString('base64') }
const form = { grant_type: 'client_credentials' }

type Server = ReturnType<ReturnType<typeof servers>['create']>
const tokenOf = async (server: Server, basic: readonly [string, string]): Promise<Readonly<Record<string, unknown>>> =>
  (await answerOf(server.routes, 'POST', '/token', { form, basic }))?.body ?? expect.fail()
const secretsOf = async (server: Server): Promise<unknown> => (await server.health()).secrets

describe('the three deployments that rotate a master secret', () => {
  it('move keys and hashes to the new secret, refuse nothing, and end with 0 under the old one', async () => {
    const stores = memoryStores()
    const clock = { aheadMs: 0 }
    const now = (): number => Date.now() + clock.aheadMs
    const server = (masterSecret: RotatingSecrets): Server => all.create({ stores, masterSecret, now })
    const before = server({ current: first })
    const [used, unused] = [await newClient(before, 'used'), await newClient(before, 'unused')]
    await before.ready()
    const issued = await tokenOf(before, used)
    expect(await secretsOf(before)).toEqual({ keyEncryption: { '1': 1 }, clientPepper: { '1': 2 } })

    const added = server({ current: first, previous: [second] })
    await added.ready()
    await tokenOf(added, used)
    expect(await secretsOf(added)).toEqual({ keyEncryption: { '1': 1, '2': 0 }, clientPepper: { '1': 2, '2': 0 } })

    const changed = server({ current: second, previous: [first] })
    await changed.ready()
    await tokenOf(changed, used)
    await expect.poll(() => secretsOf(changed)).toEqual({ keyEncryption: { '1': 0, '2': 1 }, clientPepper: { '1': 1, '2': 1 } })
    // A process of the deployment before still serves.
    expect((await tokenOf(added, used)).access_token).toBeTypeOf('string')
    const refresh = { grant_type: 'refresh_token', refresh_token: String(issued.refresh_token) }
    expect((await answerOf(changed.routes, 'POST', '/token', { form: refresh, basic: used }))?.status).toBe(200)
    // Which may have renewed a hash with what is current there. A minute later this process does it again.
    clock.aheadMs = 61_000
    await tokenOf(changed, used)
    await tokenOf(changed, unused)
    await expect.poll(() => secretsOf(changed)).toMatchObject({ clientPepper: { '1': 0, '2': 2 } })

    const after = server({ current: second })
    const basics = [used, unused]
    for (const basic of basics) expect((await tokenOf(after, basic)).access_token).toBeTypeOf('string')
    expect((await after.guard.check({ headers: { authorization: `Bearer ${String(issued.access_token)}` } })).ok).toBe(true)
    expect(await secretsOf(after)).toEqual({ keyEncryption: { '2': 1 }, clientPepper: { '2': 2 } })
  })

  it('work in a running process, where the secret is a function', async () => {
    const state: { secrets: RotatingSecrets } = { secrets: { current: first } }
    const server = all.create({ masterSecret: () => state.secrets })
    const basic = await newClient(server)
    await server.ready()
    await tokenOf(server, basic)
    state.secrets = { current: second, previous: [first] }
    await server.ready()
    await tokenOf(server, basic)
    await expect.poll(() => secretsOf(server)).toEqual({ keyEncryption: { '1': 0, '2': 1 }, clientPepper: { '1': 0, '2': 1 } })
    state.secrets = { current: second }
    expect((await tokenOf(server, basic)).access_token).toBeTypeOf('string')
  })
})

/** Stores of which one collection of documents is out of reach while it is told so. */
function breakable(): { readonly stores: Stores; readonly break: (is: boolean) => void } {
  const stores = memoryStores()
  const state = { isBroken: false }
  const guarded = <T>(call: () => T): T => {
    if (state.isBroken) throw new Unavailable('store_unavailable')
    return call()
  }
  const clients: DocumentStore = {
    ...stores.clients,
    list: (query) => guarded(() => stores.clients.list(query)),
    checkWrites: async () => guarded(() => undefined),
  }
  return { stores: { ...stores, clients }, break: (is) => Object.assign(state, { isBroken: is }) }
}

it('health is not ok in an outage, names the part, and counts nothing', async () => {
  const { stores, break: set } = breakable()
  const server = all.create({ stores })
  await server.ready()
  set(true)
  const { ok, parts, secrets } = await server.health()
  expect([ok, Object.keys(parts).filter((name) => !parts[name]?.ok), secrets]).toEqual([false, ['clients'], undefined])
  set(false)
  expect((await server.health()).ok).toBe(true)
})
