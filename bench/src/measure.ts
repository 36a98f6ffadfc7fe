/** Something that is measured. */
export interface Subject {
  readonly name: string
  /** Does its work so many times, and tells how many milliseconds that took. */
  run(count: number): number | Promise<number>
}

/** How long is measured. */
export interface Effort {
  readonly rounds: number
  /** What one subject does in one round takes about as long, in milliseconds. */
  readonly sliceMs: number
}

/** What came of a subject: medians over all rounds. */
export interface Measured {
  readonly name: string
  readonly opsPerSecond: number
  /** Its rate, divided by that of the baseline in the same round. */
  readonly ratio: number
}

/** The value in the middle; the mean of the two there, if there are two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return ((sorted[middle] ?? Number.NaN) + (sorted[(sorted.length - 1) >> 1] ?? Number.NaN)) / 2
}

async function rate(subject: Subject, count: number): Promise<number> {
  return (count * 1000) / (await subject.run(count))
}

/** Warms a subject up, and finds how often it runs in a slice. */
async function calibrate(subject: Subject, { sliceMs }: Effort): Promise<number> {
  let count = 20
  for (let warmUp = 0; warmUp < 12; warmUp++) count = Math.max(1, Math.round(((await rate(subject, count)) * sliceMs) / 1000))
  return count
}

/**
 * Measures subjects in turn, round by round, each round beginning with another one: whatever else the machine does is
 * spread over all of them, and a ratio compares neighbours in time.
 *
 * @param baseline - name of the subject that is 1
 */
export async function interleave(subjects: readonly Subject[], baseline: string, effort: Effort): Promise<readonly Measured[]> {
  const entries: { readonly subject: Subject; readonly count: number; readonly rates: number[] }[] = []
  for (const subject of subjects) entries.push({ subject, count: await calibrate(subject, effort), rates: [] })
  for (let round = 0; round < effort.rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const entry = entries[(round + turn) % entries.length]
      entry?.rates.push(await rate(entry.subject, entry.count))
    }
  }
  const base = entries.find(({ subject }) => subject.name === baseline)?.rates ?? []
  return entries.map(({ subject, rates }) => ({
    name: subject.name,
    opsPerSecond: median(rates),
    ratio: median(rates.map((value, round) => value / (base[round] ?? Number.NaN))),
  }))
}

/** A subject that goes through inputs in turn, without waiting. */
export function eachOf<I>(name: string, inputs: readonly I[], use: (input: I) => unknown): Subject {
  let next = 0
  return {
    name,
    run(count) {
      const startedAt = performance.now()
      for (let done = 0; done < count; done++) {
        use(inputs[next] as I)
        next = next + 1 === inputs.length ? 0 : next + 1
      }
      return performance.now() - startedAt
    },
  }
}

/** The same for something that answers later: one after the other. */
export function awaitEachOf<I>(name: string, inputs: readonly I[], use: (input: I) => Promise<unknown>): Subject {
  let next = 0
  return {
    name,
    async run(count) {
      const startedAt = performance.now()
      for (let done = 0; done < count; done++) {
        await use(inputs[next] as I)
        next = next + 1 === inputs.length ? 0 : next + 1
      }
      return performance.now() - startedAt
    },
  }
}
