import { setTimeout as sleep } from 'node:timers/promises'
import type { Shape } from './dataset.js'
import { type HoldMeter, holdMeter } from './hold.js'
import { type Operation, operationsOf } from './operations.js'
import { openParts, type Place } from './parts.js'

/** Figures of one operation, in milliseconds. */
export interface Row {
  readonly operation: string
  readonly isPage: boolean
  readonly times: number
  readonly p50: number
  readonly p99: number
  /** The longest time for which the event loop was held meanwhile. */
  readonly hold: number
  /** Why it could not be measured: then the figures are those of the calls before. */
  readonly failure?: string
}

/** What a process measured on one store. */
export interface Figures {
  readonly rows: readonly Row[]
  /** The hold while nothing is done. */
  readonly idleHold: number
  /** After a collection, in MB. */
  readonly rss: number
}

/** What the process is told. */
export interface MeasureSetup {
  readonly place: Place
  readonly shape: Shape
  /** Each operation is measured so much less often. */
  readonly share: number
}

/** The smallest of the values with so large a part of all at or below it. */
function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}

const rounded = (value: number): number => Number(value.toFixed(value < 10 ? 3 : 1))

async function measured({ name, isPage = false, times, run }: Operation, share: number, meter: HoldMeter): Promise<Row> {
  const wanted = Math.max(Math.min(times, 3), Math.ceil(times * share))
  const durations: number[] = []
  const state: { failure?: string } = {}
  meter.reset()
  for (let turn = 0; turn < wanted && state.failure === undefined; turn += 1) {
    const startedAt = performance.now()
    await run(turn).catch((error: unknown) => {
      state.failure = error instanceof Error ? error.message : String(error)
    })
    durations.push(performance.now() - startedAt)
  }
  const hold = meter.longestMs()
  durations.sort((a, b) => a - b)
  const [p50, p99] = [percentile(durations, 0.5), percentile(durations, 0.99)]
  return { operation: name, isPage, times: durations.length, p50: rounded(p50), p99: rounded(p99), hold: rounded(hold), ...state }
}

/** Measures one operation after the other, one call at a time. A process of its own: its memory and its event loop are nobody else's. */
export async function measure({ place, shape, share }: MeasureSetup): Promise<Figures> {
  const meter = holdMeter()
  const parts = await openParts(place)
  try {
    await sleep(500)
    meter.reset()
    await sleep(1_000 * Math.max(share, 0.2))
    const idleHold = rounded(meter.longestMs())
    const rows: Row[] = []
    for (const operation of operationsOf(parts, shape)) rows.push(await measured(operation, share, meter))
    globalThis.gc?.()
    await sleep(100)
    return { rows, idleHold, rss: Math.round(process.memoryUsage().rss / 1e6) }
  } finally {
    meter.stop()
    await parts.close()
  }
}
