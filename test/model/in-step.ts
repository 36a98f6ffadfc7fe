import { type DrivenStore, type PlayedTrace, play } from './played.js'

/** A store whose clock cannot be turned. */
export type UnturnedStore = Omit<DrivenStore, 'tickMs' | 'now' | 'tick'>

/** The machine was too busy for the ticks: verdicts about time mean nothing. */
class TooSlow extends Error {}

function sleepUntil(instant: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, instant - performance.now())))
}

/** Ticks are waited for, by all traces together. */
function paced(place: UnturnedStore, tickMs: number, begun: () => number): DrivenStore & { inTime(): void } {
  const state = { ticks: 0 }
  const inTime = (): void => {
    if (performance.now() - begun() > (state.ticks + 0.4) * tickMs) throw new TooSlow()
  }
  return {
    ...place,
    tickMs,
    now: () => performance.now(),
    inTime,
    async tick() {
      inTime()
      state.ticks += 1
      await sleepUntil(begun() + state.ticks * tickMs)
    },
  }
}

/** All of them, also when one fails: nothing goes on behind the back of the next attempt. */
async function all<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}

async function playAt(tickMs: number, traces: readonly PlayedTrace[], places: readonly UnturnedStore[]): Promise<readonly string[]> {
  const clock = { begun: Number.POSITIVE_INFINITY }
  const played = places.map((place, index) => ({ trace: traces[index], driven: paced(place, tickMs, () => clock.begun) }))
  const beginning = performance.now()
  await all(played.map(async ({ trace, driven }) => trace?.begin(driven)))
  clock.begun = performance.now()
  if (clock.begun - beginning > 0.4 * tickMs) throw new TooSlow()
  const differences = await all(
    played.map(async ({ trace, driven }) => {
      const difference = trace && (await play(trace, driven))
      driven.inTime()
      return difference
    }),
  )
  return differences.filter((difference) => difference !== undefined)
}

/**
 * Plays all traces at once, each in a place of its own, with ticks as long as the machine needs.
 *
 * @param open - is given a name that no other place has
 * @returns where the store answered differently
 */
export async function playInStep(
  traces: readonly PlayedTrace[],
  open: (name: string) => Promise<UnturnedStore>,
): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt += 1) {
    const opening = performance.now()
    const places = await all(traces.map((_, number) => open(`${number}-${attempt}`)))
    const tickMs = Math.max(600, (performance.now() - opening) * 2 * attempt)
    try {
      return await playAt(tickMs, traces, places)
    } catch (error) {
      if (!(error instanceof TooSlow) || attempt === 4) throw error
    } finally {
      await all(places.map((place) => place.close()))
    }
  }
}
