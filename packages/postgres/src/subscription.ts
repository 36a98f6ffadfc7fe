import { callListener } from '@countersign/core'
import { checkOut, giveBack } from './connection/check-out.js'
import type { PostgresClient, PostgresPool } from './connection/driver.js'
import { endingMs } from './connection/pool-ending.js'

/** Tells at once that something was revoked, where it can. */
export interface Push {
  /** @returns ends the subscription */
  subscribe(listener: () => void): () => void
  /** Ends the subscriptions that were made here. Those of other stores on the same pool go on. */
  close(): void
}

/** What is listened to. */
export interface Topic {
  /** Of LISTEN: one for a schema. */
  readonly channel: string
  /** The message that counts: one for a tenant. */
  readonly name: string
}

/** One connection of a pool that listens to a channel, for all tenants. */
interface Listening {
  /** @returns ends the subscription */
  subscribe(name: string, listener: () => void): () => void
}

interface State {
  client: PostgresClient | undefined
  connecting: boolean
  pauseMs: number
  heard: boolean
}

const firstPauseMs = 500
const longestPauseMs = 30_000
const heartbeatMs = 15_000

/**
 * LISTEN on one connection of the pool, taken with the first subscription and given back after the last, or when the pool ends. A connection that
 * breaks is replaced; what was missed meanwhile is made up for by calling the listeners.
 */
function createListening(pool: PostgresPool, channel: string): Listening {
  const listeners = new Map<symbol, { readonly name: string; readonly call: () => void }>()
  const state: State = { client: undefined, connecting: false, pauseMs: firstPauseMs, heard: true }
  const timers = new Set<NodeJS.Timeout>()

  function tell(name?: string): void {
    for (const listener of listeners.values()) if (name === undefined || listener.name === name) callListener(listener.call)
  }

  function later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      action()
    }, ms)
    timers.add(timer.unref())
  }

  const isWanted = (): boolean => listeners.size > 0 && pool.ending !== true

  function drop(client: PostgresClient): void {
    if (state.client !== client) return
    state.client = undefined
    giveBack(client, true)
    if (isWanted()) retry()
  }

  function retry(): void {
    later(state.pauseMs, () => void connect())
    state.pauseMs = Math.min(longestPauseMs, state.pauseMs * 2)
  }

  /** A connection that went silent, half open, is only noticed by asking. */
  function heartbeat(client: PostgresClient): void {
    if (state.client !== client) return
    if (!state.heard) {
      drop(client)
      return
    }
    state.heard = false
    client.query({ text: 'select' }).then(
      () => {
        state.heard = true
      },
      () => drop(client),
    )
    later(heartbeatMs, () => heartbeat(client))
  }

  /** `pool.end()` before `close()` must end all the same. */
  function watchEnding(client: PostgresClient): void {
    if (state.client !== client) return
    if (pool.ending === true) drop(client)
    else later(endingMs, () => watchEnding(client))
  }

  async function listen(): Promise<void> {
    const client = await checkOut(pool)
    state.client = client
    state.heard = true
    client.on('error', () => drop(client))
    client.on('end', () => drop(client))
    client.on('notification', ({ payload }) => tell(payload ?? ''))
    watchEnding(client)
    await client.query({ text: `listen "${channel}"` })
    state.pauseMs = firstPauseMs
    later(heartbeatMs, () => heartbeat(client))
    tell()
  }

  async function connect(): Promise<void> {
    if (state.connecting || state.client !== undefined || !isWanted()) return
    state.connecting = true
    try {
      await listen()
    } catch {
      // every listener polls as well
      if (state.client) drop(state.client)
      else if (isWanted()) retry()
    } finally {
      state.connecting = false
      if (!isWanted()) rest()
    }
  }

  function rest(): void {
    for (const timer of timers) clearTimeout(timer)
    timers.clear()
    state.pauseMs = firstPauseMs
    if (state.client) drop(state.client)
  }

  return {
    subscribe(name, call) {
      const subscription = Symbol(name)
      listeners.set(subscription, { name, call })
      void connect()
      return () => {
        listeners.delete(subscription)
        if (!isWanted()) rest()
      }
    },
  }
}

/** What is per connection is shared by all stores on it: a hundred tenants on one pool listen on one connection. */
const shared = new WeakMap<PostgresPool, Map<string, Listening>>()

function listeningOn(pool: PostgresPool, channel: string): Listening {
  const ofPool = shared.get(pool) ?? new Map<string, Listening>()
  shared.set(pool, ofPool)
  const listening = ofPool.get(channel) ?? createListening(pool, channel)
  ofPool.set(channel, listening)
  return listening
}

/** Subscriptions of one tenant, on the connection that all tenants of the pool and schema share. */
export function createPush(pool: PostgresPool, { channel, name }: Topic): Push {
  const ends = new Set<() => void>()
  const state = { closed: false }
  return {
    subscribe(listener) {
      if (state.closed) return () => undefined
      const end = listeningOn(pool, channel).subscribe(name, listener)
      const endOnce = (): void => {
        if (ends.delete(endOnce)) end()
      }
      ends.add(endOnce)
      return endOnce
    },
    close() {
      state.closed = true
      for (const end of ends) end()
    },
  }
}
