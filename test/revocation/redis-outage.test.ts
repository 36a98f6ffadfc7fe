import { expect, it } from 'vitest'
import { describeWithServers } from '../redis/redis-servers.js'
import { type Answer, type GuardProcess, pause, untilAnswer } from './guard-processes.js'
import { type Choice, ofKey, tokenOf } from './guard-setup.js'
import { redisFleet } from './redis-fleet.js'

const serves: readonly Choice[] = ['refuse', 'allow', 'life', 'strong']
const is = (status: number) => (answer: Answer) => answer.status === status

describeWithServers('a Redis that is out of reach', () => {
  const fleet = redisFleet()
  const setup = { serves, maxStalenessSeconds: 2, pollSeconds: 0.5 }

  /** Ends the outage. */
  type Return = () => Promise<void>
  const outages: readonly { readonly name: string; begin(): Promise<Return>; readonly empty: boolean }[] = [
    {
      name: 'SIGSTOP',
      empty: false,
      async begin() {
        const thaw = await fleet.freezeServer()
        return async () => thaw()
      },
    },
    {
      name: 'SIGKILL, and started empty',
      empty: true,
      async begin() {
        await fleet.server().kill()
        return () => fleet.server().start()
      },
    },
  ]

  async function statuses(guard: GuardProcess, token: string): Promise<Record<string, number>> {
    const answers = serves.map(async (choice) => [choice, (await guard.ask(choice, token)).status] as const)
    return Object.fromEntries(await Promise.all(answers))
  }

  it.each(outages)(
    '$name: a guard does what each choice says, in time, and recovers by itself',
    async ({ begin, empty }) => {
      const { guards, operator } = await fleet.startAll(setup)
      const token = await tokenOf('key-0')
      const [short, revoked] = [await tokenOf('key-1', { lifetimeSeconds: 100 }), await tokenOf('key-2')]
      for (const guard of guards) expect(await statuses(guard, token)).toEqual({ refuse: 200, allow: 200, life: 200, strong: 200 })
      await operator.tell({ revoke: ofKey('key-2') })
      for (const guard of guards) for (const choice of serves) await untilAnswer(() => guard.ask(choice, revoked), is(401), 2)
      for (const guard of guards) await guard.tell({})

      const begun = performance.now()
      const end = await begin()
      const strong = await Promise.all(guards.map((guard) => guard.ask('strong', token)))
      for (const answer of strong) {
        expect(answer).toMatchObject({ status: 503, text: 'revocation_unavailable', retryAfter: '1' })
        expect(answer.ms).toBeLessThan(1_600)
      }
      for (const guard of guards) {
        const answer = await untilAnswer(() => guard.ask('refuse', token), is(503), 5)
        expect(answer).toMatchObject({ text: 'revocation_unavailable', retryAfter: '1' })
        expect(performance.now() - begun).toBeGreaterThan(1_500)
        expect(performance.now() - begun).toBeLessThan(5_000)
        // Each view has an age of its own.
        await untilAnswer(() => guard.ask('life', token), is(503), 5)
      }
      const times: number[] = []
      for (let round = 0; round < 20; round += 1) {
        for (const guard of guards) {
          const asked = performance.now()
          expect(await statuses(guard, token)).toEqual({ refuse: 503, allow: 200, life: 503, strong: 503 })
          times.push(performance.now() - asked)
          expect(await statuses(guard, short)).toEqual({ refuse: 503, allow: 200, life: 200, strong: 503 })
          expect(await statuses(guard, revoked)).toEqual({ refuse: 401, allow: 401, life: 401, strong: 401 })
        }
        await pause(0.1)
      }
      expect(Math.max(...times)).toBeLessThan(1_000)
      for (const guard of guards) expect((await guard.tell({})).filter((event) => event === 'stale')).toHaveLength(4)

      await end()
      const back = performance.now()
      for (const guard of guards) await untilAnswer(() => guard.ask('refuse', token), is(200), 5)
      const recovered = performance.now() - back
      console.info('from the return of the store to the first admission, ms', Math.round(recovered))
      await pause(1)
      const fresh = await tokenOf('key-0')
      for (const guard of guards) {
        expect(await statuses(guard, fresh)).toEqual({ refuse: 200, allow: 200, life: 200, strong: 200 })
        // strong believes the store alone, which cannot tell what it knew when this token was issued
        expect(await statuses(guard, token)).toEqual({ refuse: 200, allow: 200, life: 200, strong: empty ? 401 : 200 })
        expect(await statuses(guard, revoked)).toEqual({ refuse: 401, allow: 401, life: 401, strong: 401 })
        const events = await guard.tell({})
        expect(events.filter((event) => event === 'recovered')).toHaveLength(4)
        expect(events.includes('lost')).toBe(empty)
      }
    },
    60_000,
  )

  it('killed and started empty: live guards put the denylist back, and who starts then refuses as well', async () => {
    const { guards, operator } = await fleet.startAll(setup)
    const stolen = await tokenOf('key-3')
    await operator.tell({ revoke: ofKey('key-3') })
    for (const guard of guards) for (const choice of serves) await untilAnswer(() => guard.ask(choice, stolen), is(401), 2)
    await operator.kill()
    await fleet.server().kill()
    await fleet.server().start()
    const begun = performance.now()
    const stream = `${fleet.prefix}*revocations*`
    const putBack = async (): Promise<readonly string[]> => {
      const [key = ''] = (await fleet.command('KEYS', stream)) as readonly string[]
      const entries = (await fleet.command('XRANGE', key, '-', '+')) as readonly [id: string, fields: readonly string[]][]
      return entries.map(([, fields]) => fields[3] ?? '')
    }
    const revoked = JSON.stringify(ofKey('key-3'))
    await expect.poll(async () => new Set(await putBack()), { timeout: 10_000, interval: 50 }).toEqual(new Set([revoked]))
    console.info('from the return of an empty store until the denylist is back, ms', Math.round(performance.now() - begun))
    await pause(1.1)
    // Views that look at the same moment all put it back, each once at most. The others see that it is there.
    expect((await putBack()).length).toBeLessThanOrEqual(guards.length * serves.length)
    const late = await fleet.start('express', setup)
    // as who stole the key would make it now
    const made = await tokenOf('key-3')
    for (const guard of [...guards, late])
      for (const choice of serves) expect(await guard.ask(choice, made)).toMatchObject({ status: 401, text: 'revoked_key' })
    for (const choice of serves) {
      expect(await late.ask(choice, await tokenOf('key-0'))).toMatchObject({ status: 200 })
      expect(await late.ask(choice, await tokenOf('key-0', { ageSeconds: 60 }))).toMatchObject({ status: 401, text: 'unprovable' })
    }
  }, 60_000)
})
