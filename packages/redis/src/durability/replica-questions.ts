import type { RedisClient, RedisPipeline } from '../connection/redis-client.js'

/** One WAIT holds its connection no longer than this. */
const sliceMs = 50
/** A connection that is silent for so much longer is dead: TCP alone would believe in it for hours. */
const silenceMs = 2_000

/** A command on a key is sent with each question: in a Cluster it says the server, and fails if that does not have the key any more. */
async function ask(client: RedisClient, key: string, question: (pipeline: RedisPipeline) => RedisPipeline) {
  const silent = setTimeout(() => {
    if (client.status === 'ready') client.disconnect(true)
  }, sliceMs + silenceMs).unref()
  try {
    const [first, second] = (await question(client.pipeline().exists(key)).exec()) ?? []
    if (first?.[0]) throw first[0]
    return { error: second?.[0], answer: second?.[1] }
  } finally {
    clearTimeout(silent)
  }
}

/** Whether a replica has all that was sent before, now or within 50 ms. */
export async function isAcknowledged(client: RedisClient, key: string): Promise<boolean> {
  const { error, answer } = await ask(client, key, (pipeline) => pipeline.wait(1, sliceMs))
  if (error) throw error
  return Number(answer) >= 1
}

/** Whether the server says that no replica gets what it writes. False if it does not answer INFO. */
export async function hasNoReplica(client: RedisClient, key: string): Promise<boolean> {
  const { answer } = await ask(client, key, (pipeline) => pipeline.info('replication'))
  return typeof answer === 'string' && answer.includes('connected_slaves:') && !/^slave\d+:.*state=online/m.test(answer)
}
