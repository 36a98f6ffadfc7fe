import { startRequestTimer } from '@countersign/core'
import { expect, it } from 'vitest'

it('a timer that a request waits for never fires early, not by a part of a millisecond either', async () => {
  const early: number[] = []
  const one = async (milliseconds: number): Promise<void> => {
    const startedAt = performance.now()
    await new Promise<void>((resolve) => void startRequestTimer(resolve, milliseconds))
    const leftMs = startedAt + milliseconds - performance.now()
    if (leftMs > 0) early.push(leftMs)
  }
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(Array.from({ length: 20 }, (_, at) => one(3 + at / 7)))
  }
  expect(early).toEqual([])
})
