import { storeConformance } from '@countersign/testkit'
import { describe, it } from 'vitest'

/** Cases that wait most of their time for a call to be given up: several run at once, where the servers are quick enough for that. */
const waiting = 'calls that were lost'

/** The published suite, as tests. */
export function describeConformance(backend: Parameters<typeof storeConformance>[0], { together = true } = {}): void {
  for (const { name, cases } of storeConformance(backend)) {
    const test = together && name === waiting ? it.concurrent : it
    describe(name, () => {
      test.each(cases)('$name', ({ run }) => run())
    })
  }
}
