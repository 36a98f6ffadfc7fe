import type { PostgresClient, PostgresPool } from './driver.js'

/** Tells at once that something was revoked, where it can. */
export interface Push {
  /** @returns ends the subscription */
  subscribe(listener: () => void): () => void
  close(): void
}

interface State {
  client: PostgresClient | undefined
  connecting: boolean
  closed: boolean
  pauseMs: number
  heard: boolean
}

const firstPauseMs = 500
const longestPauseMs = 30_000
const heartbeatMs = 15_000

/** What is listened to. */
export interface Topic {
  /** Of LISTEN: one for a schema. */
  readonly channel: string
  /** The message that counts: one for a tenant. */
  readonly name: string
}

/**
 * LISTEN on one connection of the pool, taken with the first subscription and closed after the last. A connection that
 * breaks is replaced; what was missed meanwhile is made up for by calling the listeners.
 */
export function createPush(pool: PostgresPool, topic: Topic): Push {
  const listeners = new Set<() => void>()
  const state: State = { client: undefined, connecting: false, closed: false, pauseMs: firstPauseMs, heard: true }
  const timers = new Set<NodeJS.Timeout>()

  function tell(): void {
    for (const listener of listeners) listener()
  }

  function later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      action()
    }, ms)
    timers.add(timer.unref())
  }

  const isWanted = (): boolean => listeners.size > 0 && !state.closed

  function drop(client: PostgresClient): void {
    if (state.client !== client) return
    state.client = undefined
    client.release(true)
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

  async function listen(): Promise<void> {
    const client = await pool.connect()
    state.client = client
    state.heard = true
    client.on('error', () => drop(client))
    client.on('end', () => drop(client))
    client.on('notification', ({ payload }) => {
      if (payload === topic.name) tell()
    })
    await client.query({ text: `listen "${topic.channel}"` })
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
      // whoever listens polls as well
      if (state.client) drop(state.client)
      else if (isWanted()) retry()
    } finally {
      state.connecting = false
      if (state.client && !isWanted()) drop(state.client)
    }
  }

  return {
    subscribe(listener) {
      const call = (): void => listener()
      listeners.add(call)
      void connect()
      return () => {
        listeners.delete(call)
        if (!isWanted() && state.client) drop(state.client)
      }
    },
    close() {
      state.closed = true
      listeners.clear()
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
      if (state.client) drop(state.client)
    },
  }
}
