import { storeConformance } from '@countersign/testkit'
import { describe, it } from 'vitest'

/** Cases that wait most of their time for a call to be given up: several run at once. */
const waiting = 'calls that were lost'

/** The published suite, as tests. */
export function describeConformance(backend: Parameters<typeof storeConformance>[0]): void {
  for (const { name, cases } of storeConformance(backend)) {
    const test = name === waiting ? it.concurrent : it
    describe(name, () => {
      test.each(cases)('$name', ({ run }) => run())
    })
  }
}
