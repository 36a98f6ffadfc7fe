import { callListener } from '@countersign/core'
import type { RunScript } from '../scripts/scripts.js'
import type { RedisClient, RedisWarning } from './redis-client.js'
import type { ServerClock } from './server-clock.js'

/** What is known of the server since the connection was made. A new connection has a new one. */
export interface ServerMemory {
  /** Store time in epoch milliseconds at which its memory begins. */
  readonly since: number
  /** Store time from which on the server can vouch for what it has: its present run, else this connection. Infinity for a replica. */
  readonly trusted: number
  /** The same instant on this process's monotonic clock: no clock that can be set decides about claims. */
  readonly trustedHere: number
  /** A replica has what another server sent, perhaps not all of it. Nothing is decided there. */
  readonly isReplica: boolean
}

/** The result of a look at the server. */
interface Look {
  readonly memory: ServerMemory
  /** The error of the server that answered a write; undefined if it took one. */
  readonly writeFault: string | undefined
}

/**
 * `read` tells the fault of the last write, `write` tries one. `insist` does, and rejects with the error of a replica that takes none:
 * the driver sees it and may reconnect.
 */
type LookMode = 'read' | 'write' | 'insist'
const modeNumbers: Readonly<Record<LookMode, string>> = { read: '0', write: '1', insist: '2' }

/** The memory of the server, as far as it holds for the connection that there is. */
export interface MemoryOfServer {
  /** Undefined on a connection on which it was not read. */
  known(): ServerMemory | undefined
  /** What is known, else what the server says. */
  read(): Promise<ServerMemory>
  /** What the server says now. */
  look(how: LookMode): Promise<Look>
  /** The connection was lost, or the server is another one behind it. */
  forget(): void
  isCurrent(memory: ServerMemory): boolean
  close(): void
}

interface State {
  generation: number
  known: ServerMemory | undefined
  reading: Promise<Look> | undefined
  closed: boolean
  /** The last that was seen of a run, to tell a restart from a first connection. */
  trusted: number | undefined
  writeFault: string | undefined
}

const closed = (): Error => new Error('these stores are closed')

/** The server refuses writes because it is a replica. Redis 6.2 has the word in the middle of the error of a script. */
export function isReadOnly(text: string): boolean {
  return text.includes('READONLY')
}

/** Who was told that memory begins with the connections of a client: the stores of a hundred tenants say it once. */
const shared = new WeakMap<RedisClient, WeakSet<(warning: RedisWarning) => void>>()

function isFirst(client: RedisClient, onWarning: (warning: RedisWarning) => void): boolean {
  const told = shared.get(client) ?? new WeakSet()
  shared.set(client, told)
  if (told.has(onWarning)) return false
  told.add(onWarning)
  return true
}

/** @param key - where the beginning of the memory is kept */
export function memoryOfServer(
  {
    client,
    script,
    clock,
    key,
  }: { readonly client: RedisClient; readonly script: RunScript; readonly clock: ServerClock; readonly key: string },
  onWarning: (warning: RedisWarning) => void,
): MemoryOfServer {
  const state: State = {
    generation: 0,
    known: undefined,
    reading: undefined,
    closed: false,
    trusted: undefined,
    writeFault: undefined,
  }

  function warn(kind: string, trusted: number): void {
    if (kind === 'master') {
      if (state.trusted !== undefined && state.trusted !== trusted) callListener(() => onWarning({ name: 'memory_distrusted' }))
      state.trusted = trusted
    } else if (kind === 'unknown' && isFirst(client, onWarning)) {
      const detail = 'the server does not answer INFO, so memory begins with each connection: what was issued before cannot be claimed'
      callListener(() => onWarning({ name: 'memory_of_connection', detail }))
    }
  }

  /** What still holds stays the same object: it was handed to calls. */
  function accept(read: ServerMemory, kind: string): ServerMemory {
    const { known } = state
    const isSameRun = kind === 'unknown' || known?.trusted === read.trusted
    if (known && known.since === read.since && known.isReplica === read.isReplica && isSameRun) return known
    // On a connection that was not lost: calls that were given what was known judge again.
    state.known = read
    return read
  }

  async function run(how: LookMode): Promise<readonly string[]> {
    try {
      return ((await script('memory', key, modeNumbers[how])) as readonly unknown[]).map(String)
    } catch (error) {
      if (error instanceof Error && isReadOnly(error.message)) state.writeFault = error.message
      throw error
    }
  }

  async function ask(how: LookMode): Promise<Look> {
    for (;;) {
      const { generation } = state
      const [since, trusted, now, kind = '', fault = ''] = await run(how)
      if (state.closed) throw closed()
      if (generation !== state.generation) continue
      // at the latest: the server's clock was read before its answer arrived
      const here = performance.now()
      clock.wasRead(Number(now), here)
      if (how !== 'read' || fault) state.writeFault = fault || undefined
      const isReplica = kind === 'replica' || isReadOnly(fault)
      const from = isReplica ? Number.POSITIVE_INFINITY : Number(trusted)
      const memory = accept({ since: Number(since), trusted: from, trustedHere: here - (Number(now) - from), isReplica }, kind)
      if (!isReplica) warn(kind, memory.trusted)
      return { memory, writeFault: isReplica ? (state.writeFault ?? 'READONLY the server is a replica') : state.writeFault }
    }
  }

  /** One question at a time; of a new connection nothing is known, so it is tried. */
  async function look(how: LookMode): Promise<Look> {
    if (state.closed) throw closed()
    const isNew = how === 'read' && state.known === undefined
    state.reading ??= ask(isNew ? 'write' : how).finally(() => {
      state.reading = undefined
    })
    return state.reading
  }

  return {
    known: () => state.known,
    read: async () => state.known ?? (await look('read')).memory,
    look,
    forget() {
      state.generation += 1
      state.known = undefined
    },
    isCurrent: (memory) => state.known === memory,
    close() {
      state.closed = true
      state.known = undefined
    },
  }
}
