/** The part of Node's `Readable` that is used. */
interface NodeStream {
  readonly readableEnded: boolean
  /** Whether anybody was given a part of it. */
  readonly readableDidRead?: boolean
  readonly destroyed: boolean
  on(event: string, listener: (value: never) => void): unknown
  off(event: string, listener: (value: never) => void): unknown
  resume(): unknown
}

/** What came of reading: all of it, too much of it, only a part because the client went away, or what somebody else has left. */
export type StreamOutcome =
  | { readonly outcome: 'complete'; readonly bytes: Buffer }
  | { readonly outcome: 'too_large' }
  | { readonly outcome: 'broken' }
  | { readonly outcome: 'taken' }

const tooLarge = { outcome: 'too_large' } as const
const broken = { outcome: 'broken' } as const
const taken = { outcome: 'taken' } as const

/** A client that went away while it was sending is not our fault. */
const isGone = (error: unknown): boolean => (error as { readonly code?: unknown } | null)?.code === 'ECONNRESET'

/** Collects chunks as long as they are not too many. */
function collector(maxBytes: number): { readonly add: (chunk: Uint8Array) => boolean; readonly all: () => StreamOutcome } {
  const chunks: Uint8Array[] = []
  let received = 0
  return {
    add(chunk) {
      received += chunk.byteLength
      if (received <= maxBytes) chunks.push(chunk)
      return received <= maxBytes
    },
    all: () => ({ outcome: 'complete', bytes: Buffer.concat(chunks, received) }),
  }
}

async function readIterable(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<StreamOutcome> {
  const { add, all } = collector(maxBytes)
  try {
    for await (const chunk of stream) if (!add(chunk)) return tooLarge
  } catch (error) {
    if (isGone(error)) return broken
    throw error
  }
  return all()
}

/** By events: to iterate over a request of Node's costs as much as a signature. */
function readNode(stream: NodeStream, maxBytes: number): Promise<StreamOutcome> {
  const { add, all } = collector(maxBytes)
  if (stream.readableDidRead === true) return Promise.resolve(stream.destroyed && !stream.readableEnded ? broken : taken)
  // Of what is over and was empty no event comes any more.
  if (stream.readableEnded) return Promise.resolve(all())
  if (stream.destroyed) return Promise.resolve(broken)
  return new Promise((resolve, reject) => {
    const listeners: readonly (readonly [name: string, listener: (value: never) => void])[] = [
      ['data', (chunk: Uint8Array) => add(chunk) || settle(tooLarge)],
      ['end', () => settle(all())],
      ['close', () => settle(broken)],
    ]
    const settle = (outcome: StreamOutcome): void => {
      for (const [name, listener] of listeners) stream.off(name, listener)
      resolve(outcome)
    }
    for (const [name, listener] of listeners) stream.on(name, listener)
    // Stays: an error that comes when too much was sent already has nobody else to hear it, and would end the process.
    stream.on('error', (error: Error) => (isGone(error) ? settle(broken) : reject(error)))
    // What still comes after too much is thrown away, so that the connection can be used again.
    stream.resume()
  })
}

const isNodeStream = (stream: object): stream is NodeStream =>
  'readableEnded' in stream && 'destroyed' in stream && 'on' in stream && 'off' in stream && 'resume' in stream

/** Reads a stream, bounded; one of Node's that somebody has begun to read is `taken`. Rejects with what it fails with. */
export async function readStream(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<StreamOutcome> {
  return isNodeStream(stream) ? readNode(stream, maxBytes) : readIterable(stream, maxBytes)
}
