import type { RedisClient } from '../connection/redis-client.js'
import { type FollowedStream, type FollowedStreams, look, pushWarning, type StreamFollower } from './followed-streams.js'

/** So often a Stream is looked at. */
const everyMs = 250
/** More than so many in a round are looked at less often: the server has other work. */
const streamsPerRound = 100
const longestMs = 1_000

/**
 * Looks at each Stream again and again, over the host's own client. For a Cluster: one read cannot wait for Streams in
 * several slots, and a connection for each would be one for each tenant.
 */
export function followPolling(client: RedisClient, streams: FollowedStreams): StreamFollower {
  const warning = pushWarning(streams)
  const state: { timer: NodeJS.Timeout | undefined } = { timer: undefined }
  /** One that waits for an answer is not asked again: commands would queue through an outage. */
  const asked = new Set<FollowedStream>()
  const failing = new Set<string>()

  async function ask(stream: FollowedStream): Promise<void> {
    asked.add(stream)
    try {
      await look(stream, client)
      failing.delete(stream.key)
    } catch (error) {
      failing.add(stream.key)
      if (state.timer !== undefined) warning.lost(error)
    } finally {
      asked.delete(stream)
    }
  }

  function round(): void {
    if (![...failing].some((key) => streams.has(key))) warning.restored()
    for (const stream of streams.values()) if (!asked.has(stream)) void ask(stream)
    const ms = Math.min(longestMs, everyMs * Math.max(1, streams.size / streamsPerRound))
    state.timer = setTimeout(round, ms).unref()
  }

  return {
    begin() {
      if (state.timer === undefined) round()
    },
    // The client is the host's.
    replace: () => undefined,
    end() {
      clearTimeout(state.timer)
      state.timer = undefined
    },
  }
}
