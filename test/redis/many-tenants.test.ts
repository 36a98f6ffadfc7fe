import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { describeWith } from '../services.js'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'
import { entryOf, listeningTenant, namedClient, type Tenant, tenantAt, untilFollowed, warningsDuring } from './many-tenants.js'

/** The orders in which a host can end things. */
const orders = ['quit, close', 'close, quit', 'quit', 'disconnect', 'disconnect, close', 'quit at once', 'close and quit at once'] as const

describeWith('redis', 'stores of many tenants on one client', (url) => {
  const admin = new Redis(url)
  const bundles: ProcessBundle[] = []
  beforeAll(async () => {
    bundles.push(await bundleProcess(fileURLToPath(new URL('./ending-process.ts', import.meta.url))))
  })
  afterAll(async () => {
    for (const bundle of bundles) await bundle.remove()
    admin.disconnect()
  })

  function start(count: number, options = {}) {
    const { client, prefix, connections } = namedClient(url, options)
    const tenants = Array.from({ length: count }, (_, at) => listeningTenant(client, prefix, `tenant ${at}`))
    onTestFinished(async () => {
      await Promise.all(tenants.map(({ stores }) => stores.close()))
      client.disconnect()
      for (const key of await admin.keys(`*${prefix}|*`)) await admin.del(key)
    })
    return { client, prefix, tenants, connections: () => connections(admin) }
  }

  const revoke = ({ stores }: Tenant, jti: string) => stores.revocations.revoke(entryOf(jti))

  it('a hundred need one connection more, and each hears of its own revocations only', async () => {
    const warnings = await warningsDuring(async () => {
      const { client, tenants, connections } = start(100)
      await untilFollowed(tenants)
      expect(await connections()).toHaveLength(2)
      for (const event of ['ready', 'close', 'end', 'error']) expect(client.listenerCount(event)).toBeLessThan(4)
      const before = tenants.map(({ calls }) => calls())
      const even = tenants.filter((_, at) => at % 2 === 0)
      await Promise.all(even.map((tenant, at) => revoke(tenant, `t${at}`)))
      await expect.poll(() => tenants.filter(({ calls }, at) => calls() > (before[at] ?? 0))).toEqual(even)
      expect(await connections()).toHaveLength(2)
    })
    expect(warnings).toEqual([])
  })

  it('one that joins later is followed within a second, and the others miss nothing meanwhile', async () => {
    const { client, prefix, tenants } = start(3)
    await untilFollowed(tenants)
    for (let at = 0; at < 5; at += 1) {
      const before = tenants.map(({ calls }) => calls())
      const joined = performance.now()
      const late = listeningTenant(client, prefix, `late ${at}`)
      await Promise.all(tenants.map((tenant) => revoke(tenant, `while ${at} joins`)))
      await expect.poll(() => tenants.every(({ calls }, one) => calls() > (before[one] ?? 0)), { interval: 5 }).toBe(true)
      await untilFollowed([late])
      expect(performance.now() - joined).toBeLessThan(1_000)
      const heard = late.calls()
      await revoke(late, 'first')
      await expect.poll(late.calls, { interval: 5, timeout: 1_000 }).toBeGreaterThan(heard)
      await late.stores.close()
    }
  })

  it('one that is closed leaves the others their connection, and the last one ends it', async () => {
    const { tenants, connections, client } = start(3)
    await untilFollowed(tenants)
    const [first, second, third] = [tenantAt(tenants, 0), tenantAt(tenants, 1), tenantAt(tenants, 2)]
    await first.stores.close()
    const before = second.calls()
    await revoke(second, 'after a close')
    await expect.poll(second.calls).toBeGreaterThan(before)
    await second.stores.close()
    await third.stores.close()
    await expect.poll(connections).toHaveLength(1)
    for (const event of ['ready', 'close', 'end']) expect(client.listenerCount(event)).toBe(0)
  })

  it('listeners of the same tenant in several stores are all told', async () => {
    const { client, prefix, tenants } = start(1)
    const other = listeningTenant(client, prefix, 'tenant 0')
    await untilFollowed(tenants)
    const before = other.calls()
    await Promise.all(tenants.map(({ stores }) => stores.close()))
    await revoke(other, 'told')
    await expect.poll(other.calls).toBeGreaterThan(before)
    await other.stores.close()
  })

  it('a client that puts a prefix before keys hears them one by one, too', async () => {
    const { tenants } = start(4, { keyPrefix: 'before:' })
    await untilFollowed(tenants)
    const before = tenants.map(({ calls }) => calls())
    const first = tenantAt(tenants, 0)
    await revoke(first, 'prefixed')
    await expect.poll(first.calls).toBeGreaterThan(before[0] ?? 0)
    expect(tenants.slice(1).map(({ calls }) => calls())).toEqual(before.slice(1))
  })

  it('a client that the host ends and connects again is followed again', async () => {
    const { client, tenants, connections } = start(3)
    await untilFollowed(tenants)
    await client.quit()
    await expect.poll(connections).toHaveLength(0)
    const other = listeningTenant(new Redis(url), client.options.connectionName ?? '', 'tenant 0')
    onTestFinished(() => other.stores.close())
    const first = tenantAt(tenants, 0)
    const before = first.calls()
    await revoke(other, 'while it was away')
    await client.connect()
    await expect.poll(first.calls).toBeGreaterThan(before)
    await expect.poll(connections).toHaveLength(2)
  })

  it('a connection for pushes that is killed again and again loses nothing', async () => {
    const { tenants, connections } = start(10)
    await untilFollowed(tenants)
    const before = tenants.map(({ calls }) => calls())
    for (let round = 0; round < 10; round += 1) {
      for (const line of (await connections()).filter((one) => / cmd=(xread|xrevrange) /.test(one)))
        await admin.client('KILL', 'ID', Number(/id=(\d+)/.exec(line)?.[1]))
      const tenant = tenantAt(tenants, round)
      await revoke(tenant, 'meanwhile')
    }
    await expect.poll(() => tenants.every(({ calls }, at) => calls() > (before[at] ?? 0)), { timeout: 5_000 }).toBe(true)
    await expect.poll(connections).toHaveLength(2)
  })

  it.each(orders)('a process ends within a second: %s', async (order) => {
    const child = fork(bundles[0]?.path ?? '', [JSON.stringify({ url, order })], { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    onTestFinished(async () => {
      child.kill('SIGKILL')
      for (const key of await admin.keys(`ending-${child.pid}|*`)) await admin.del(key)
    })
    const output: string[] = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => void output.push(String(chunk)))
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    const begun = await new Promise<number>((resolve) => child.once('message', () => resolve(performance.now())))
    child.disconnect()
    expect(await ended).toBe(0)
    expect(performance.now() - begun).toBeLessThan(1_000)
    expect(output.join('')).toBe('')
  })
})
