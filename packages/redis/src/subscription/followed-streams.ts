import { callListener } from '@countersign/core'
import type { RedisWarning } from '../connection/redis-client.js'

/** Who is told that a Stream grew. */
export interface StreamListener {
  readonly call: () => void
  readonly onWarning: (warning: RedisWarning) => void
}

/** A Stream that somebody listens to. */
export interface FollowedStream {
  readonly key: string
  readonly listeners: Set<StreamListener>
  /** The id of its newest entry; undefined until it was read. */
  position: string | undefined
  /** Whether the position must be read again before the next entry is waited for. */
  isDue: boolean
}

/** All Streams of one client, by key. */
export type FollowedStreams = ReadonlyMap<string, FollowedStream>

/** Follows Streams from `begin` to `end`; it may begin again. */
export interface StreamFollower {
  begin(): void
  /** Connects anew what it opened itself: the address may lead to another server by now. */
  replace(): void
  end(): void
}

/** Where commands go. */
export interface StreamReader {
  xrevrange(key: string, end: string, start: string, count: 'COUNT', entries: number): Promise<[id: string, fields: string[]][]>
}

/** Where an empty Stream stands. */
const beginning = '0-0'

/**
 * Reads where a Stream stands. Its listeners are called if it stands elsewhere than before, so also if it was emptied, and at first: what
 * was added before the position was known is known to every later reader.
 */
export async function look(stream: FollowedStream, reader: StreamReader): Promise<void> {
  const [newest] = await reader.xrevrange(stream.key, '+', '-', 'COUNT', 1)
  const position = newest?.[0] ?? beginning
  stream.isDue = false
  if (position === stream.position) return
  stream.position = position
  for (const { call } of stream.listeners) callListener(call)
}

/** Tells every store once that pushes are lost, until they came through again. */
export function pushWarning(streams: FollowedStreams): { lost(cause: unknown): void; restored(): void } {
  const state = { isLost: false }
  return {
    lost(cause) {
      if (state.isLost || streams.size === 0) return
      state.isLost = true
      const listeners = [...streams.values()].flatMap((stream) => [...stream.listeners])
      const told = new Set(listeners.map(({ onWarning }) => onWarning))
      for (const onWarning of told) callListener(() => onWarning({ name: 'subscription_lost', cause }))
    },
    restored() {
      state.isLost = false
    },
  }
}
