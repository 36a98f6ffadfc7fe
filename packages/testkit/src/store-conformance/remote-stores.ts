import type { ChildProcess } from 'node:child_process'
import { isUnavailable, type Stores, Unavailable } from '@countersign/core'
import type { OpenedStores } from './store-backend.js'

const contracts = ['replay', 'nonces', 'challenges', 'families', 'attempts', 'clients', 'keys', 'accounts', 'revocations', 'audit'] as const
type Contract = (typeof contracts)[number]

/** What goes to the other process. */
interface Call {
  readonly number: number
  readonly contract: Contract
  readonly method: string
  readonly args: readonly unknown[]
}

/** What comes back. */
type Answer = { readonly number: number } & ({ readonly value: unknown } | { readonly error: string; readonly unavailable: boolean })

/**
 * Serves stores to the process that forked this one, with `serialization: 'advanced'`.
 *
 * @param stores - opened in this process; ends with it
 */
export function serveStores(stores: Stores): void {
  const send = (answer: Answer | 'serving'): void => {
    process.send?.(answer)
  }
  process.on('message', ({ number, contract, method, args }: Call) => {
    const store = stores[contract] as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>
    Promise.resolve(store[method]?.(...args)).then(
      (value) => send({ number, value }),
      (error: unknown) => send({ number, error: error instanceof Error ? error.name : 'Error', unavailable: isUnavailable(error) }),
    )
  })
  process.on('disconnect', () => process.exit())
  send('serving')
}

function errorOf(answer: { readonly error: string; readonly unavailable: boolean }): Error {
  if (answer.unavailable) return new Unavailable('store_unavailable')
  return answer.error === 'TypeError' ? new TypeError(answer.error) : new Error(answer.error)
}

/**
 * Stores that another process opened and serves with `serveStores`. What needs no store (`compare`, `subscribe`) is not there.
 *
 * @param child - forked with `serialization: 'advanced'`; killed by `close`
 */
export async function remoteStores(child: ChildProcess): Promise<OpenedStores> {
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const state = { number: 0 }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)))
  })
  child.on('message', (answer: Answer) => {
    const waiting = pending.get(answer.number)
    pending.delete(answer.number)
    if ('error' in answer) waiting?.reject(errorOf(answer))
    else waiting?.resolve(answer.value)
  })
  child.once('exit', () => {
    for (const { reject } of pending.values()) reject(new Unavailable('store_unavailable'))
  })
  const call = (contract: Contract, method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      state.number += 1
      pending.set(state.number, { resolve, reject })
      // A process that was killed may still look open: what cannot be sent is an outage like any other.
      child.send({ number: state.number, contract, method, args } satisfies Call, (cause) => {
        if (cause !== null) reject(new Unavailable('store_unavailable', { cause }))
      })
    })
  const remote = (contract: Contract): object =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...args: readonly unknown[]) =>
            call(contract, String(method), args),
      },
    )
  const close = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  const stores = {
    ...Object.fromEntries(contracts.map((contract) => [contract, remote(contract)])),
    ready: async () => ({ ok: true, parts: {} }),
    close,
    [Symbol.asyncDispose]: close,
  } as unknown as Stores
  return { stores, close }
}
