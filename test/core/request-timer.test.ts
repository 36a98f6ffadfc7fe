import { startRequestTimer } from '@countersign/core'
import { expect, it } from 'vitest'

it('a timer that a request waits for does not fire early, however long the present turn has taken already', async () => {
  await new Promise((resolve) => setImmediate(resolve))
  const busyUntil = performance.now() + 60
  while (performance.now() < busyUntil);
  const startedAt = performance.now()
  await new Promise<void>((resolve) => void startRequestTimer(resolve, 80))
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(79.9)
})
