import type { NodeRedisConnection } from './node-redis-client.js'

/** A command of Redis, with its name. */
export type RedisCommand = readonly string[]

/** What the server answered to one command: it may be an error. */
export type Answer = { readonly value: unknown } | { readonly error: unknown }

/** The connection was lost before the answer came, or there is none. The command may be sent again: it carries an id. */
export class LinkLost extends Error {}

/** What is told of a link. */
export interface LinkEvents {
  /** Called before any command is answered by the next connection. */
  readonly lost: () => void
  readonly ready: () => void
  readonly failed: (error: unknown) => void
}

/** Our connection to one server. A lost connection is replaced by a new client. */
export interface Link {
  isReady(): boolean
  /** Connects, and stays connected until the end. */
  open(): void
  /** Sends commands right behind one another. @throws LinkLost where the connection was lost, or could not be made */
  send(commands: readonly RedisCommand[]): Promise<readonly Answer[]>
  /** Gives the connection up and makes another one. */
  reconnect(): void
  end(): void
}

interface Connection {
  readonly client: NodeRedisConnection
  /** Rejects those who wait for an answer. */
  readonly waiting: Set<(error: LinkLost) => void>
}

const firstPauseMs = 20
const longestPauseMs = 1_000

/**
 * What holds for every connection of ours. A client of redis 5 that connects again can give the answers of earlier commands to later ones: a
 * write that was scheduled when the connection broke is put into the line of the next connection. So none of ours ever connects again.
 */
const overrides = {
  RESP: 2,
  maintNotifications: 'disabled',
  disableOfflineQueue: true,
  commandsQueueMaxLength: undefined,
  commandOptions: { timeout: undefined },
  clientSideCache: undefined,
  emitInvalidate: undefined,
}

/** A client of ours that is like another one, and not connected yet. */
export function likeThat(client: NodeRedisConnection): NodeRedisConnection {
  return client.duplicate({ ...overrides, socket: { ...client.options?.socket, reconnectStrategy: false } })
}

/** @param make - makes a client for one connection, with {@link likeThat} */
export function createLink(make: () => Promise<NodeRedisConnection>, events: LinkEvents): Link {
  const state = {
    isEnded: false,
    current: undefined as Connection | undefined,
    connecting: undefined as Promise<Connection> | undefined,
    pauseMs: firstPauseMs,
  }

  function discard(client: NodeRedisConnection): void {
    try {
      client.destroy()
    } catch {
      // redis 5 throws where it is closed already
    }
  }

  function drop(connection: Connection, cause: unknown): void {
    if (state.current !== connection) return
    state.current = undefined
    events.lost()
    const error = new LinkLost('the connection was lost', { cause })
    for (const reject of connection.waiting) reject(error)
    connection.waiting.clear()
    discard(connection.client)
    if (!state.isEnded) open()
  }

  async function connect(): Promise<Connection> {
    const client = await make()
    const connection: Connection = { client, waiting: new Set() }
    const ended = (cause: unknown): void => {
      drop(connection, cause)
    }
    client.on('error', ended)
    client.on('end', ended)
    try {
      // not interrupted: redis 5 leaves the socket of a client open that is closed while it connects
      if (!state.isEnded) await client.connect()
      if (state.isEnded || !client.isOpen) throw new LinkLost('the connection was closed')
    } catch (error) {
      discard(client)
      throw error
    }
    return connection
  }

  async function connectAfterPause(): Promise<Connection> {
    try {
      const connection = await connect()
      state.current = connection
      state.pauseMs = firstPauseMs
      events.ready()
      return connection
    } catch (cause) {
      events.failed(cause)
      const { pauseMs } = state
      state.pauseMs = Math.min(longestPauseMs, 2 * pauseMs)
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref())
      throw new LinkLost('no connection could be made', { cause })
    } finally {
      state.connecting = undefined
    }
  }

  function open(): void {
    if (state.isEnded || state.current || state.connecting) return
    state.connecting = connectAfterPause()
    // while there is none, it is tried again
    state.connecting.catch(open)
  }

  async function connected(): Promise<Connection> {
    if (state.isEnded) throw new Error('the connection was ended')
    if (state.connecting === undefined) open()
    return state.current ?? (await (state.connecting as Promise<Connection>))
  }

  function answerOf({ client, waiting }: Connection, command: RedisCommand): Promise<Answer> {
    return new Promise((resolve, reject) => {
      waiting.add(reject)
      client.sendCommand(command).then(
        (value) => {
          if (waiting.delete(reject)) resolve({ value })
        },
        (error: unknown) => {
          if (waiting.delete(reject)) resolve({ error })
        },
      )
    })
  }

  return {
    isReady: () => state.current !== undefined,
    open,
    async send(commands) {
      const connection = state.current ?? (await connected())
      if (state.current !== connection) throw new LinkLost('the connection was lost')
      return Promise.all(commands.map((command) => answerOf(connection, command)))
    },
    reconnect() {
      if (state.current) drop(state.current, new Error('it was given up'))
    },
    end() {
      if (state.isEnded) return
      state.isEnded = true
      if (state.current) drop(state.current, new Error('it was ended'))
    },
  }
}
