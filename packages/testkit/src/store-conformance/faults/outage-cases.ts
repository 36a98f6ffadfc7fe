import assert from 'node:assert/strict'
import { isUnavailable, type Stores, Unavailable } from '@countersign/core'
import { storeChangeCalls, storeReadCalls } from '../changes/store-calls.js'
import type { StoreCase } from '../store-backend.js'
import { connectEverywhere, type DefineCase, sleep, untilAnswered } from '../store-case.js'

const minute = 60_000
const document = { collection: 'collection', id: 'id' }

interface Grant {
  readonly name: string
  prepare?(stores: Stores): Promise<unknown>
  /** True when something was granted. */
  call(stores: Stores): Promise<boolean>
}

const grants: readonly Grant[] = [
  {
    name: 'claim',
    call: async ({ replay }) => (await replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute })) === 'claimed',
  },
  {
    name: 'spend',
    prepare: ({ nonces }) => nonces.remember('jti', { clientId: 'client', ttlMs: minute }),
    call: async ({ nonces }) => (await nonces.spend('jti', 'purpose')) === 'spent',
  },
  {
    name: 'take',
    prepare: ({ challenges }) => challenges.put('id', 'record', minute),
    call: async ({ challenges }) => (await challenges.take('id')) !== null,
  },
  {
    name: 'rotation without a retry window',
    prepare: ({ families }) => families.create({ family: 'family', binding: 'binding', data: 'data', ttlMs: minute }),
    async call({ families }) {
      const { outcome } = await families.rotate({ family: 'family', generation: 0, binding: 'binding', retryWindowMs: 0 })
      return outcome === 'rotated' || outcome === 'retry'
    },
  },
  {
    name: 'attempt',
    call: async ({ attempts }) => (await attempts.reserve({ key: 'key', limit: 1, windowMs: minute })).ok,
  },
  {
    name: 'change of a document',
    call: ({ clients }) => clients.put({ ...document, value: '0', revision: 0 }),
  },
]

/** How long an outage may take to say that it is one: one second, and room for a busy machine. */
const answersWithinMs = 2_500

async function allRefuse(stores: Stores): Promise<void> {
  await Promise.all(
    Object.entries({ ...storeChangeCalls, ...storeReadCalls }).map(async ([name, call]) => {
      const begun = performance.now()
      await assert.rejects(call(stores), (error) => isUnavailable(error) && error.reason === 'store_unavailable', name)
      assert.ok(performance.now() - begun < answersWithinMs, `${name} took ${performance.now() - begun} ms`)
    }),
  )
}

function lostAnswer({ name, prepare, call }: Grant, define: DefineCase): StoreCase {
  return define(
    `a ${name} whose answer was lost is told again or is an outage, and is granted to nobody else`,
    async ({ openBreakable }) => {
      const { stores, network } = await openBreakable()
      await prepare?.(stores)
      await connectEverywhere(stores)
      network.loseAnswers()
      const lost = call(stores).catch((error: unknown) => (isUnavailable(error) ? false : Promise.reject(error)))
      await sleep(150)
      network.breakDown()
      await sleep(50)
      network.restore()
      await lost
      assert.equal(await untilAnswered(() => call(stores)), false)
    },
  )
}

/** An outage is an error within a second and never a verdict; the stores recover by themselves. */
export function outageCases(define: DefineCase): readonly StoreCase[] {
  return [
    ...grants.map((grant) => lostAnswer(grant, define)),
    define(
      '64 claims through a connection that breaks: at most one is granted, and it stays the only one',
      async ({ stores, openBreakable }) => {
        const { stores: broken, network } = await openBreakable()
        await broken.ready()
        for (let round = 0; round < 5; round += 1) {
          const claim = { purpose: 'test', id: `round ${round}`, issuedAgoMs: 0, ttlMs: minute }
          const verdicts = Array.from({ length: 64 }, () =>
            broken.replay.claim(claim).catch((error: unknown) => (isUnavailable(error) ? 'outage' : Promise.reject(error))),
          )
          if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
          network.breakDown()
          network.restore()
          const granted = (await Promise.all(verdicts)).filter((verdict) => verdict === 'claimed').length
          const late = (await stores.replay.claim(claim)) === 'claimed' ? 1 : 0
          assert.ok(granted + late <= 1, `granted ${granted} times, and ${late} times after that`)
        }
      },
    ),
    define('every call says within a second that the store does not answer', async ({ openBreakable }) => {
      const { stores, network } = await openBreakable()
      await stores.ready()
      network.loseAnswers()
      await allRefuse(stores)
    }),
    define(
      'every call says within a second that the store cannot be reached, and works when it can be again',
      async ({ openBreakable }) => {
        const { stores, network } = await openBreakable()
        await stores.ready()
        network.breakDown()
        await allRefuse(stores)
        assert.equal((await stores.ready()).ok, false)
        network.restore()
        await untilAnswered(() => stores.revocations.cursor())
        // Reads and changes may have a connection each.
        await untilAnswered(async () => {
          if (!(await stores.ready()).ok) throw new Unavailable('store_unavailable')
        })
        assert.equal(await stores.replay.claim({ purpose: 'test', id: 'after', issuedAgoMs: 0, ttlMs: minute }), 'claimed')
      },
    ),
  ]
}
