import { attackGuard } from '@countersign/testkit'
import { describe, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { startAttackedApp } from './attacked-app.js'

// Most of the time is spent waiting for permitted fetches: the frameworks wait together.
describe.concurrent.each(adapters)('$name', (adapter) => {
  it('admits nothing that it must not, and answers every attack as it must', { timeout: 120_000 }, async ({ expect }) => {
    const app = await startAttackedApp(adapter)
    const report = await attackGuard(app.target)
    await app.close()
    expect(report.failed).toEqual([])
    expect(report.notRun).toEqual([])
    expect(report.passed).toBeGreaterThan(1200)
    // 5xx only where keys cannot be had, and there exactly 503.
    expect(
      report.rows.filter(({ actualStatus }) => (actualStatus ?? 500) >= 500).map(({ family, actualStatus }) => [family, actualStatus]),
    ).toEqual(Array.from({ length: 5 }, () => ['outage', 503]))
  })
})
