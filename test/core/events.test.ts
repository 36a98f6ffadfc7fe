import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { eventChannel, eventNames, onEvent } from '@countersign/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

const name = 'countersign:issuer'
const message = { outcome: 'set', via: 'main' } as const

/** Warnings of the process from now on. */
function warnings(): unknown[] {
  const seen: unknown[] = []
  const listener = (warning: unknown): void => void seen.push(warning)
  process.on('warning', listener)
  onTestFinished(() => void process.off('warning', listener))
  return seen
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('an event', () => {
  it('goes over a channel of node:diagnostics_channel of its name', () => {
    const seen: unknown[] = []
    const listener = (event: unknown): void => void seen.push(event)
    subscribe(name, listener)
    eventChannel(name).publish(message)
    unsubscribe(name, listener)
    eventChannel(name).publish(message)
    expect(seen).toEqual([message])
  })

  it('has one of the listed names', () => {
    expect(new Set(eventNames).size).toBe(eventNames.length)
    for (const one of eventNames) expect(eventChannel(one)).toBe(channel(one))
    expect(eventNames.every((one) => /^countersign:[a-z-]+$/.test(one))).toBe(true)
  })

  it('costs nothing to tell when nobody listens', () => {
    expect(eventChannel(name).hasSubscribers).toBe(false)
    const end = onEvent(name, () => undefined)
    expect(eventChannel(name).hasSubscribers).toBe(true)
    end()
    expect(eventChannel(name).hasSubscribers).toBe(false)
  })
})

describe('a listener', () => {
  it('hears until it is ended, and may be ended twice', () => {
    const heard = vi.fn<(event: unknown) => void>()
    const end = onEvent(name, heard)
    eventChannel(name).publish(message)
    end()
    end()
    eventChannel(name).publish(message)
    expect(heard.mock.calls).toEqual([[message]])
  })

  it('that throws ends neither the publisher nor the process, and the others hear; it is a warning', async () => {
    const seen = warnings()
    const fault = new Error('a logger without words')
    const heard = vi.fn<(event: unknown) => void>()
    const ends = [
      onEvent(name, () => {
        throw fault
      }),
      onEvent(name, () => Promise.reject(fault)),
      onEvent(name, heard),
    ]
    expect(() => eventChannel(name).publish(message)).not.toThrow()
    await turn()
    await turn()
    for (const end of ends) end()
    expect(heard).toHaveBeenCalledTimes(1)
    expect(seen).toEqual([fault, fault])
  })

  it('that throws something else is a warning all the same', async () => {
    const seen = warnings()
    const text: unknown = 'a text'
    const end = onEvent(name, () => {
      throw text
    })
    eventChannel(name).publish(message)
    await turn()
    end()
    expect(seen).toEqual([expect.objectContaining({ cause: 'a text' })])
  })
})
