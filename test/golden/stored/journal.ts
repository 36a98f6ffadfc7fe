import type { Stores } from '@countersign/core'

/** A call that changed something, as it reached the stores. */
export interface Written {
  readonly store: string
  readonly method: string
  readonly args: readonly unknown[]
}

/** Of each store, what changes something. */
const writing: Readonly<Record<string, readonly string[]>> = {
  replay: ['claim', 'undo'],
  nonces: ['remember', 'spend', 'undo'],
  challenges: ['put', 'keep', 'take', 'undo'],
  families: ['create', 'rotate', 'revoke', 'undo'],
  attempts: ['reserve', 'clear'],
  clients: ['put', 'remove', 'removeMany'],
  keys: ['put', 'remove', 'removeMany'],
  accounts: ['put', 'remove', 'removeMany'],
  revocations: ['revoke', 'revokeAll'],
}

/** What was left out at the end was not given. */
function given(args: readonly unknown[]): readonly unknown[] {
  return args.at(-1) === undefined && args.length > 0 ? given(args.slice(0, -1)) : args
}

/** Stores that write down what they are told. */
export function journalOf(stores: Stores): { readonly stores: Stores; readonly journal: Written[] } {
  const journal: Written[] = []
  const watched = Object.entries(stores).map(([name, store]) => {
    const methods = writing[name] ?? []
    if (methods.length === 0) return [name, store] as const
    const watching = new Proxy(store as object, {
      get(target, member, receiver) {
        const value: unknown = Reflect.get(target, member, receiver)
        if (typeof value !== 'function' || !methods.includes(String(member))) return value
        return (...args: unknown[]) => {
          journal.push({ store: name, method: String(member), args: JSON.parse(JSON.stringify(given(args))) as unknown[] })
          return Reflect.apply(value, target, args)
        }
      },
    })
    return [name, watching] as const
  })
  return { stores: Object.fromEntries(watched) as unknown as Stores, journal }
}

/** Entries that are written together, one by one, as they were written before. */
export function oneByOne(journal: readonly Written[]): readonly Written[] {
  return journal.flatMap((written) => {
    if (written.method !== 'revokeAll') return written
    const additions = written.args[0] as readonly { readonly entry: unknown; readonly reinstated?: boolean }[]
    return additions.map(({ entry, reinstated, ...options }) => ({
      ...written,
      method: 'revoke',
      args: [entry, { ...options, ...(reinstated && { reinstated }) }],
    }))
  })
}

/** Tells other stores the same, in the same order. */
export async function tell(stores: Stores, journal: readonly Written[]): Promise<void> {
  for (const { store, method, args } of journal) {
    const target = stores[store as 'clients'] as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>
    await target[method]?.(...args)
  }
}
