import { type Now, onEvent } from '@countersign/core'

/** What happened in one minute. */
export interface Minute {
  readonly accepted: number
  readonly refused: number
}

/** What this process did in the last hour. */
export interface Rates {
  /** The minutes of the last hour, the oldest first. */
  minutes(): readonly Minute[]
  /** Refusals of the last hour by their reason, the most frequent first. */
  reasons(): readonly (readonly [reason: string, count: number])[]
  /** Tokens that were issued in the last hour. */
  issued(): number
  close(): void
}

interface Bucket {
  minute: number
  accepted: number
  refused: number
  issued: number
  readonly reasons: Map<string, number>
}

const kept = 60

/** Counts what the guards and token endpoints of this process publish. */
export function createRates(now: Now): Rates {
  const buckets: Bucket[] = []
  const minuteOf = (): number => Math.floor(now() / 60_000)

  function bucket(): Bucket {
    const minute = minuteOf()
    const last = buckets.at(-1)
    // A clock that was set back adds to the last minute.
    if (last !== undefined && last.minute >= minute) return last
    const made = { minute, accepted: 0, refused: 0, issued: 0, reasons: new Map<string, number>() }
    buckets.push(made)
    if (buckets.length > kept) buckets.shift()
    return made
  }

  const live = (): readonly Bucket[] => buckets.filter(({ minute }) => minute > minuteOf() - kept)
  const endings = [
    onEvent('countersign:accepted', () => {
      bucket().accepted += 1
    }),
    onEvent('countersign:refused', ({ reason }) => {
      const { reasons } = bucket()
      bucket().refused += 1
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    }),
    onEvent('countersign:token', ({ outcome }) => {
      if (outcome === 'issued') bucket().issued += 1
    }),
  ]

  return {
    minutes() {
      const byMinute = new Map(live().map((one) => [one.minute, one]))
      const first = minuteOf() - kept + 1
      return Array.from({ length: kept }, (_, at) => byMinute.get(first + at) ?? { accepted: 0, refused: 0 })
    },
    reasons() {
      const sums = new Map<string, number>()
      for (const { reasons } of live()) for (const [reason, count] of reasons) sums.set(reason, (sums.get(reason) ?? 0) + count)
      return [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    },
    issued: () => live().reduce((sum, { issued }) => sum + issued, 0),
    close() {
      for (const end of endings) end()
    },
  }
}
