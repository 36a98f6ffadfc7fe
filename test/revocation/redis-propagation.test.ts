import { redisStores } from '@countersign/redis'
import { breakableProxy } from '@countersign/testkit'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { describeWithServers } from '../redis/redis-servers.js'
import { type GuardProcess, pause, untilAnswer } from './guard-processes.js'
import { kidsOf, ofKey, tokenOf } from './guard-setup.js'
import { timeRevocations } from './propagation-time.js'
import { type FleetChanges, redisFleet } from './redis-fleet.js'

const isRefused = ({ status }: { readonly status: number }): boolean => status !== 200
const blockedOn = (line: string): boolean => / cmd=xread /.test(line)

describeWithServers('two guards and an operator on one Redis', () => {
  const fleet = redisFleet()

  it('pushed: what is revoked is refused by both within 2 s, cached tokens too', async () => {
    const figures = await timeRevocations(await fleet.startAll(), kidsOf(6), 2)
    console.info('from revoke to the last refusal, pushed, ms', figures)
    expect(figures.max).toBeLessThan(2_000)
  }, 60_000)

  it.each<[string, FleetChanges]>([
    ['and nobody notices', { listens: false }],
    ['and refused by the server', { username: 'deaf' }],
  ])(
    'push lost, %s: it is refused within two poll intervals',
    async (what, changes) => {
      const figures = await timeRevocations(await fleet.startAll(changes), kidsOf(6), 2)
      console.info(`from revoke to the last refusal, polled every second, push lost ${what}, ms`, figures)
      expect(figures.max).toBeLessThan(2_000)
    },
    60_000,
  )

  it('connections for pushes that are killed all the time lose nothing, and come back', async () => {
    const { guards, operator } = await fleet.startAll({ pollSeconds: 4 })
    const kill = async (): Promise<void> => {
      const lines = String(await fleet.command('CLIENT', 'LIST')).split('\n')
      for (const line of lines.filter(blockedOn)) await fleet.command('CLIENT', 'KILL', 'ID', /id=(\d+)/.exec(line)?.[1] ?? '')
    }
    const [first, second] = [await tokenOf('key-0'), await tokenOf('key-1')]
    const killing = { on: true }
    const killed = (async () => {
      for (; killing.on; await pause(0.02)) await kill()
    })()
    await operator.tell({ revoke: ofKey('key-0') })
    for (const guard of guards) await untilAnswer(() => guard.ask('allow', first), isRefused, 8)
    killing.on = false
    await killed
    await pause(1.5)
    const begun = performance.now()
    await operator.tell({ revoke: ofKey('key-1') })
    for (const guard of guards) await untilAnswer(() => guard.ask('allow', second), isRefused, 8)
    expect(performance.now() - begun).toBeLessThan(1_000)
  }, 30_000)

  it('a guard needs read access only', async () => {
    const { operator } = await fleet.startAll()
    const guard = await fleet.start('express', { username: 'reader', serves: ['allow', 'strong'] })
    const token = await tokenOf('key-0')
    for (const choice of ['allow', 'strong'] as const) expect(await guard.ask(choice, token)).toMatchObject({ status: 200 })
    await operator.tell({ revoke: ofKey('key-0') })
    expect(await guard.ask('strong', token)).toMatchObject({ status: 401, text: 'revoked_key' })
    await untilAnswer(() => guard.ask('allow', token), isRefused, 2)
    await expect(guard.tell({ revoke: ofKey('key-1') })).rejects.toThrow('unavailable')
  })

  it('strong: the next request knows, also in a process that no push reaches', async () => {
    const { guards, operator } = await fleet.startAll({ listens: false, serves: ['strong'], pollSeconds: 4 })
    for (const kid of kidsOf(5)) {
      const token = await tokenOf(kid)
      for (const guard of guards) expect(await guard.ask('strong', token)).toMatchObject({ status: 200 })
      await operator.tell({ revoke: ofKey(kid) })
      for (const guard of guards) expect(await guard.ask('strong', token)).toMatchObject({ status: 401, text: 'revoked_key' })
    }
  })

  it('a guard that was frozen refuses with its first request, whatever onStale says', async () => {
    const { guards, operator } = await fleet.startAll({ serves: ['allow', 'refuse'], maxStalenessSeconds: 1.5 })
    const token = await tokenOf('key-0')
    const asked = async (guard: GuardProcess) => Promise.all([guard.ask('allow', token), guard.ask('refuse', token)])
    for (const guard of guards) expect((await asked(guard)).map(({ status }) => status)).toEqual([200, 200])
    for (const guard of guards) guard.freeze()
    await operator.tell({ revoke: ofKey('key-0') })
    const waiting = guards.map(asked)
    await pause(4)
    for (const guard of guards) guard.thaw()
    for (const answers of waiting) expect((await answers).map(({ text }) => text)).toEqual(['revoked_key', 'revoked_key'])
  })

  it('a denylist that takes longer to read than a call may is read all the same', async () => {
    const client = new Redis(fleet.address)
    const stores = redisStores(client, { prefix: fleet.prefix, maxWaitMs: 300 })
    onTestFinished(async () => {
      await stores.close()
      client.disconnect()
    })
    // Only the reading has little time.
    const filling = redisStores(client, { prefix: fleet.prefix, maxWaitMs: 10_000 })
    for (let n = 0; n < 4_000; n += 500)
      await Promise.all(Array.from({ length: 500 }, (_, k) => filling.revocations.revoke(ofKey(`${n + k}`))))
    await filling.close()
    const scripts = client as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>
    const name = Object.keys(client).find((one) => one.startsWith('countersign_since')) ?? ''
    const read = scripts[name]
    scripts[name] = async (...args) => {
      await pause(0.1)
      return read?.call(client, ...args)
    }
    expect((await stores.revocations.since(undefined)).records).toHaveLength(4_000)
  })

  it('a connection for pushes that fell silent is replaced', async () => {
    const proxy = await breakableProxy(fleet.address)
    const client = new Redis({ host: '127.0.0.1', port: proxy.port })
    const other = new Redis(fleet.address)
    for (const one of [client, other]) one.on('error', () => undefined)
    const warnings: string[] = []
    const stores = redisStores(client, { prefix: fleet.prefix, onWarning: ({ name }) => void warnings.push(name) })
    const writer = redisStores(other, { prefix: fleet.prefix })
    onTestFinished(async () => {
      await Promise.all([stores.close(), writer.close()])
      for (const one of [client, other]) one.disconnect()
      await proxy.close()
    })
    const heard = { count: 0 }
    stores.revocations.subscribe(() => {
      heard.count += 1
    })
    await expect
      .poll(
        async () =>
          String(await fleet.command('CLIENT', 'LIST'))
            .split('\n')
            .filter(blockedOn).length,
      )
      .toBeGreaterThan(0)
    // The one call for what may have been missed before the subscription stood.
    await expect.poll(() => heard.count).toBe(1)
    proxy.loseAnswers()
    await writer.revocations.revoke(ofKey('lost'))
    await pause(0.2)
    proxy.restore()
    await writer.revocations.revoke(ofKey('unheard'))
    await pause(0.3)
    expect(heard.count).toBe(1)
    await expect.poll(() => heard.count, { timeout: 9_000 }).toBeGreaterThan(1)
    const before = heard.count
    await writer.revocations.revoke(ofKey('heard'))
    await expect.poll(() => heard.count).toBeGreaterThan(before)
    expect(warnings).toContain('subscription_lost')
  }, 20_000)
})
