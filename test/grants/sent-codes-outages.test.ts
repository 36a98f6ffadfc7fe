import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { describe, expect, it } from 'vitest'
import { oneServer } from './sent-codes-setup.js'

describe('a store that fails once, while a person signs in', () => {
  type Call = (...values: unknown[]) => Promise<unknown>

  /** Stores of which one operation fails; `isLost`: it is carried out, and its answer is lost. */
  function failingAt(failure: { at: number; isLost: boolean; count: number }): Stores {
    const memory = memoryStores()
    const failing = <T extends object>(store: T): T =>
      Object.fromEntries(
        Object.entries(store).map(([name, run]: [string, Call]) => [
          name,
          async (...values: unknown[]) => {
            failure.count += 1
            if (failure.count !== failure.at) return run(...values)
            if (failure.isLost) await run(...values)
            throw new Error('down')
          },
        ]),
      ) as T
    return { ...memory, challenges: failing(memory.challenges), attempts: failing(memory.attempts) }
  }

  it.each([false, true])('leaves no code open that was not sent (an answer that is lost: %s)', async (isLost) => {
    const failure = { at: 0, isLost, count: 0 }
    const { signIn: first } = await oneServer({}, failingAt(failure))
    await first('ann', 'right')
    const operations = failure.count
    expect(operations).toBeGreaterThan(5)
    for (let at = 1; at <= operations; at += 1) {
      const { signIn, answer, sent, code } = await oneServer({}, failingAt({ at, isLost, count: 0 }))
      const { status } = await signIn('ann', 'right')
      // That an address is familiar, nobody waits for.
      expect([at, [400, 503].includes(status)]).toEqual([at, true])
      const next = await signIn('ann', 'right')
      expect([at, next.body.error, sent.length]).toEqual([at, 'mfa_required', 1])
      expect([at, (await answer(next.body.mfa_token, code())).status]).toEqual([at, 200])
    }
  })
})
