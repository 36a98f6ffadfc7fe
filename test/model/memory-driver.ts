import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import type { DrivenStore } from './played.js'

interface Entry {
  readonly at: number
  readonly contract: 'replay' | 'nonces' | 'families'
  readonly method: string
  readonly args: readonly unknown[]
}

const tickMs = 1_000
const contracts = ['replay', 'nonces', 'families'] as const

/** Stores in memory, with a clock of their own. A backup is the list of all calls until then, and is restored by making them again. */
export function memoryDriver(): DrivenStore {
  const clock = { ms: 0, startedAt: 0 }
  const state: { stores: Stores; journal: Entry[]; backup: { startedAt: number; journal: readonly Entry[] } | undefined } = {
    stores: memoryStores({ now: () => clock.ms }),
    journal: [],
    backup: undefined,
  }

  async function call(entry: Entry): Promise<unknown> {
    const contract = state.stores[entry.contract] as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>
    return contract[entry.method]?.(...entry.args)
  }

  const recorded = Object.fromEntries(
    contracts.map((contract) => [
      contract,
      new Proxy(
        {},
        {
          get:
            (_, method) =>
            (...args: readonly unknown[]) => {
              const entry = { at: clock.ms, contract, method: String(method), args }
              if (entry.method !== 'find') state.journal.push(entry)
              return call(entry)
            },
        },
      ),
    ]),
  ) as unknown as Stores

  return {
    tickMs,
    stores: () => recorded,
    now: () => clock.ms,
    async tick() {
      clock.ms += tickMs
    },
    async backUp() {
      state.backup = { startedAt: clock.startedAt, journal: [...state.journal] }
    },
    async restore() {
      const { ms } = clock
      const { startedAt, journal } = state.backup ?? { startedAt: 0, journal: [] }
      clock.ms = startedAt
      state.stores = memoryStores({ now: () => clock.ms })
      for (const entry of journal) {
        clock.ms = entry.at
        await call(entry)
      }
      state.journal = [...journal]
      clock.ms = ms
      clock.startedAt = startedAt
    },
    async empty() {
      state.stores = memoryStores({ now: () => clock.ms })
      state.journal = []
      clock.startedAt = clock.ms
    },
    close: async () => undefined,
  }
}
