import { askInTime } from '@countersign/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

const never = (): Promise<never> => new Promise(() => undefined)

/** The machine sleeps: the monotonic clock stands still, the wall clock is far ahead afterwards. */
function sleepOneHour(): void {
  const realNow = Date.now
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => realNow() + 3_600_000)
  onTestFinished(() => clock.mockRestore())
}

/** The event loop is held. */
function hold(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

const outcome = (asked: Promise<unknown>): Promise<unknown> =>
  asked.catch((error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : error))

describe('a question with a deadline', () => {
  it('is asked once, and given up at the deadline and not before', async () => {
    const ask = vi.fn<() => Promise<never>>(never)
    const startedAt = performance.now()
    const asked = askInTime(ask, { milliseconds: 300, isRepeatable: true })
    expect(await outcome(asked)).toBe('TimeoutError: no whole answer within 300 ms')
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(300)
    expect(ask).toHaveBeenCalledTimes(1)
  })

  it('aborts its signal when it is given up', async () => {
    const signals: AbortSignal[] = []
    const ask = (signal: AbortSignal): Promise<never> => {
      signals.push(signal)
      return never()
    }
    await outcome(askInTime(ask, { milliseconds: 20, isRepeatable: false }))
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })

  it('is asked once more after the machine slept, with the whole time, and the second answer counts', async () => {
    const ask = vi.fn<() => Promise<string>>().mockImplementationOnce(never)
    ask.mockImplementationOnce(() => new Promise((resolve) => setTimeout(resolve, 700, 'the keys')))
    const asked = askInTime(ask, { milliseconds: 1000, isRepeatable: true })
    sleepOneHour()
    expect(await outcome(asked)).toBe('the keys')
    expect(ask).toHaveBeenCalledTimes(2)
  })

  it('is asked once more when its connection broke while the process stood still', async () => {
    const ask = vi.fn<() => Promise<string>>().mockImplementationOnce(async () => {
      hold(1400)
      throw new Error('socket hang up')
    })
    ask.mockResolvedValueOnce('the keys')
    expect(await outcome(askInTime(ask, { milliseconds: 5000, isRepeatable: true }))).toBe('the keys')
  })

  it('fails when the second answer does not come either', async () => {
    const ask = vi.fn<() => Promise<never>>(never)
    const asked = askInTime(ask, { milliseconds: 300, isRepeatable: true })
    sleepOneHour()
    expect(await outcome(asked)).toBe('TimeoutError: no whole answer within 300 ms')
    expect(ask).toHaveBeenCalledTimes(2)
  })

  it('fails at once with the error of the other system while the process runs', async () => {
    const ask = vi.fn<() => Promise<never>>(async () => Promise.reject(new Error('status 500')))
    expect(await outcome(askInTime(ask, { milliseconds: 5000, isRepeatable: true }))).toBe('Error: status 500')
    expect(ask).toHaveBeenCalledTimes(1)
  })

  it('is never asked twice where it is not repeatable, but the time of the standstill does not count', async () => {
    const ask = vi.fn<() => Promise<unknown>>(() => new Promise((resolve) => setTimeout(resolve, 600, 'signed in')))
    const asked = askInTime(ask, { milliseconds: 900, isRepeatable: false })
    hold(1400)
    expect(await outcome(asked)).toBe('signed in')
    const later = vi.fn<() => Promise<unknown>>(() => new Promise((resolve) => setTimeout(resolve, 1800, 'signed in')))
    const askedLater = askInTime(later, { milliseconds: 900, isRepeatable: false })
    hold(1400)
    expect(await outcome(askedLater)).toBe('signed in')
    expect([ask, later].map((one) => one.mock.calls.length)).toEqual([1, 1])
  })

  it('is given up when its owner closes, and not asked again', async () => {
    const closing = new AbortController()
    const ask = vi.fn<() => Promise<never>>(never)
    const asked = askInTime(ask, { milliseconds: 5000, isRepeatable: true, closing: closing.signal })
    sleepOneHour()
    closing.abort(new Error('closed'))
    expect(await outcome(asked)).toBe('Error: closed')
    expect(ask).toHaveBeenCalledTimes(1)
    expect(await outcome(askInTime(ask, { milliseconds: 5000, isRepeatable: true, closing: closing.signal }))).toBe('Error: closed')
    expect(ask).toHaveBeenCalledTimes(1)
  })
})
