import { replacing } from '../connection/client-events.js'
import type { RedisClient, RedisNode } from '../connection/redis-client.js'
import { type FollowedStream, type FollowedStreams, look, pushWarning, type StreamFollower, type StreamReader } from './followed-streams.js'

interface BlockingClient extends RedisNode, StreamReader {
  readonly status: string
  xread(...args: readonly (string | number)[]): Promise<unknown>
  disconnect(reconnect?: boolean): void
}

/** So long one read waits, and so long a Stream that joins waits at most until it is read. */
const blockMs = 500
/** So much longer a read may take before its connection counts as dead: TCP alone would believe in it for hours. */
const silenceMs = 2_000
/** The same while it still connects. */
const connectMs = 10_000
const retryMs = 500
/** A server may have lost entries without losing the connection. */
const lookAgainMs = 5_000

/** A connection of its own for reads that wait. A command that cannot be sent fails with the connection: it is asked again here. */
function duplicateOf(client: RedisClient): BlockingClient {
  const limits = { commandTimeout: undefined, maxRetriesPerRequest: 0, lazyConnect: false, enableOfflineQueue: true }
  return (client as unknown as { duplicate(options: object): unknown }).duplicate(limits) as BlockingClient
}

/** The driver puts the prefix of the host's keys before ours in commands, but leaves it in answers. */
function keyPrefixOf(client: RedisClient): string {
  return client.options?.keyPrefix ?? ''
}

/** The names in an answer of XREAD, which is a list of names and entries. */
function namesIn(answer: unknown): ReadonlySet<unknown> {
  const names = new Set<unknown>()
  if (!Array.isArray(answer)) return names
  for (const stream of answer as readonly unknown[]) if (Array.isArray(stream)) names.add((stream as readonly unknown[])[0])
  return names
}

/** One connection with one read that waits for all Streams. */
export function followBlocking(client: RedisClient, streams: FollowedStreams): StreamFollower {
  const warning = pushWarning(streams)
  const state: { connection: BlockingClient | undefined } = { connection: undefined }

  /** An answer in time; else the driver connects again, and rejects. */
  async function answered<T>(connection: BlockingClient, answer: Promise<T>): Promise<T> {
    const withinMs = connection.status === 'ready' ? blockMs + silenceMs : connectMs
    const silent = setInterval(() => {
      warning.lost(new Error(`no answer within ${withinMs} ms`))
      connection.disconnect(true)
    }, withinMs).unref()
    try {
      return await answer
    } finally {
      clearInterval(silent)
    }
  }

  /** One that cannot be read keeps no other from being followed. */
  async function lookAt(connection: BlockingClient, due: readonly FollowedStream[]): Promise<void> {
    const looked = await answered(connection, Promise.allSettled(due.map((stream) => look(stream, connection))))
    const failure = looked.find((one) => one.status === 'rejected')
    if (failure !== undefined && state.connection === connection) warning.lost(failure.reason)
  }

  /** Waits until one of the Streams grew. */
  async function wait(connection: BlockingClient): Promise<void> {
    const known = [...streams.values()].filter(({ position }) => position !== undefined)
    if (known.length === 0) throw new Error('no Stream of revocations can be read')
    const places = [...known.map(({ key }) => key), ...known.map(({ position }) => position ?? '')]
    const reading = connection.xread('COUNT', 1, 'BLOCK', blockMs, 'STREAMS', ...places)
    const answer = await answered(connection, reading)
    if (answer === null) return
    const names = namesIn(answer)
    const grown = known.filter(({ key }) => names.has(keyPrefixOf(client) + key))
    for (const stream of grown.length > 0 ? grown : known) stream.isDue = true
  }

  const replace = replacing(() => state.connection?.disconnect(true))

  const dueNow = (): readonly FollowedStream[] => [...streams.values()].filter(({ isDue }) => isDue)

  function allAreDue(): void {
    for (const stream of streams.values()) stream.isDue = true
  }

  async function follow(connection: BlockingClient): Promise<void> {
    let lookedAt = performance.now()
    while (state.connection === connection) {
      try {
        await lookAt(connection, dueNow())
        await wait(connection)
        if (dueNow().length === 0) warning.restored()
        if (performance.now() - lookedAt < lookAgainMs) continue
        lookedAt = performance.now()
      } catch (error) {
        if (state.connection !== connection) return
        warning.lost(error)
        // A server that becomes a replica ends with this what waits.
        if (error instanceof Error && error.message.startsWith('UNBLOCKED')) replace()
        await new Promise<void>((resolve) => setTimeout(resolve, retryMs).unref())
        if (state.connection === connection && connection.status === 'end') begin()
      }
      allAreDue()
    }
  }

  function begin(): void {
    const connection = duplicateOf(client)
    state.connection = connection
    allAreDue()
    connection.on('error', (error) => {
      if (state.connection === connection) warning.lost(error)
    })
    void follow(connection)
  }

  return {
    begin() {
      if (state.connection === undefined) begin()
    },
    replace,
    end() {
      const { connection } = state
      state.connection = undefined
      connection?.disconnect()
    },
  }
}
