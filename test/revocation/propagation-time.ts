import { expect } from 'vitest'
import { type GuardProcess, pause, untilAnswer } from './guard-processes.js'
import { ofKey, tokenOf } from './guard-setup.js'

/** How long it took, in milliseconds. */
export interface Figures {
  readonly median: number
  readonly max: number
}

/**
 * Revokes keys, one after the other, each after its token got into the caches of all guards.
 *
 * @returns times from the call of `revoke` until the last guard refused the cached token
 */
export async function timeRevocations(
  { guards, operator }: { readonly guards: readonly GuardProcess[]; readonly operator: GuardProcess },
  kids: readonly string[],
  withinSeconds: number,
): Promise<Figures> {
  const times: number[] = []
  for (const kid of kids) {
    const token = await tokenOf(kid)
    for (const guard of guards) {
      expect(await guard.ask('allow', token)).toMatchObject({ status: 200, text: 'judged' })
      expect(await guard.ask('allow', token)).toMatchObject({ status: 200, text: 'cached' })
    }
    // at any moment between two polls
    await pause(Math.random())
    const begun = performance.now()
    await operator.tell({ revoke: ofKey(kid) })
    const refused = guards.map(async (guard) => {
      const answer = await untilAnswer(
        () => guard.ask('allow', token),
        ({ status }) => status !== 200,
        withinSeconds,
      )
      expect(answer).toMatchObject({ status: 401, text: 'revoked_key' })
      return performance.now() - begun
    })
    times.push(Math.max(...(await Promise.all(refused))))
    // a token that no cache knows
    for (const guard of guards)
      expect(await guard.ask('allow', await tokenOf(kid, { lifetimeSeconds: 601 }))).toMatchObject({ text: 'revoked_key' })
  }
  times.sort((a, b) => a - b)
  return { median: Math.round(times[times.length >> 1] ?? 0), max: Math.round(times.at(-1) ?? 0) }
}
