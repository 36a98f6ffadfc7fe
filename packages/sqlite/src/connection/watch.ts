import { clearTimeout, setTimeout } from 'node:timers'
import { callListener } from '@countersign/core'
import type { Connection } from './connection.js'

/** Tells of revocations: those of this connection at once, those of other connections and processes when the file is looked at. */
export interface Watch {
  /** @returns ends the subscription */
  subscribe(tenant: string, listener: () => void): () => void
  /** Something was revoked on this connection. */
  tell(tenant: string): void
  close(): void
}

/** The file is looked at so often, in milliseconds, while somebody subscribes. */
const everyMs = 250

const positionSql = 'select since, epoch from countersign_memory where tenant = ?'

interface Subscription {
  readonly tenant: string
  readonly listener: () => void
}

/** Looks at the number that SQLite counts up for other connections, which reads no page of the file. */
export function createWatch(connection: Connection): Watch {
  const subscriptions = new Map<symbol, Subscription>()
  const state: { timer: NodeJS.Timeout | undefined; version: string; closed: boolean } = { timer: undefined, version: '', closed: false }
  /** Where each tenant stood. */
  const positions = new Map<string, string>()

  function call(isMeant: (tenant: string) => boolean): void {
    for (const { tenant, listener } of subscriptions.values()) if (isMeant(tenant)) callListener(listener)
  }

  function moved(): ReadonlySet<string> {
    const tenants = new Set([...subscriptions.values()].map(({ tenant }) => tenant))
    return connection.transaction('read', (tx) => {
      const others = new Set<string>()
      for (const tenant of tenants) {
        const position = JSON.stringify(tx.rows(positionSql, tenant)[0] ?? null)
        if (positions.get(tenant) !== position) others.add(tenant)
        positions.set(tenant, position)
      }
      return others
    })
  }

  function look(): void {
    try {
      const version = connection.version()
      if (version !== state.version) {
        const others = moved()
        state.version = version
        call((tenant) => others.has(tenant))
      }
    } catch {
      // who subscribes polls as well, and is told of an outage there
    }
    wait()
  }

  function wait(): void {
    clearTimeout(state.timer)
    state.timer = subscriptions.size === 0 || state.closed ? undefined : setTimeout(look, everyMs).unref()
  }

  return {
    subscribe(tenant, listener) {
      const id = Symbol(tenant)
      subscriptions.set(id, { tenant, listener })
      if (state.timer === undefined) wait()
      return () => {
        subscriptions.delete(id)
        if (subscriptions.size === 0) wait()
      }
    },
    tell: (tenant) => call((of) => of === tenant),
    close() {
      state.closed = true
      subscriptions.clear()
      wait()
    },
  }
}
