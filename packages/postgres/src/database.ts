import { createHash } from 'node:crypto'
import { isUnavailable, Unavailable } from '@countersign/core'
import type { PostgresClient, PostgresPool, Row } from './driver.js'
import { meaningOf } from './sqlstate.js'

/** Runs one statement, a transaction of its own. Rejects with `Unavailable`. */
export type Run = (text: string, values: unknown[]) => Promise<readonly Row[]>

/** The host's pool, with an end to waiting. */
export interface Database {
  /** Statements of one operation on one connection, within one limit of time. Every failure of the server is `Unavailable`. */
  operation<T>(work: (run: Run) => Promise<T>, maxWaitMs?: number): Promise<T>
}

interface Deadline {
  /** Never resolves; rejects when the time is over. */
  readonly over: Promise<never>
  cancel(): void
}

/** Waiters that were given up and still stand in the pool's queue. More are turned away: a queue would grow through a long outage. */
const maxAbandoned = 100

const ignore = (): void => undefined

function startDeadline(maxWaitMs: number): Deadline {
  const timer: { handle?: NodeJS.Timeout } = {}
  const over = new Promise<never>((_resolve, reject) => {
    timer.handle = setTimeout(() => reject(new Error(`no answer within ${maxWaitMs} ms`)), maxWaitMs)
  })
  over.catch(ignore)
  return { over, cancel: () => clearTimeout(timer.handle) }
}

function outage(cause: unknown): Unavailable {
  if (isUnavailable(cause)) return cause
  return new Unavailable('store_unavailable', { cause: new Error(meaningOf(cause).text, { cause }) })
}

/** A name that belongs to the text: two releases on one connection never share a prepared statement by mistake. */
function statementName(text: string): string {
  return `countersign_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`
}

/**
 * @param options - `maxWaitMs` bounds an operation; `prepare` names the statements, so that a connection parses each once
 */
export function createDatabase(pool: PostgresPool, options: { readonly maxWaitMs: number; readonly prepare: boolean }): Database {
  const waiting = { abandoned: 0 }
  const names = new Map<string, string>()

  function nameOf(text: string): string {
    const name = names.get(text) ?? statementName(text)
    names.set(text, name)
    return name
  }

  async function connect(deadline: Deadline): Promise<PostgresClient> {
    if (waiting.abandoned >= maxAbandoned) throw new Error('too many operations wait for a connection already')
    const connecting = pool.connect()
    try {
      return await Promise.race([connecting, deadline.over])
    } catch (cause) {
      waiting.abandoned += 1
      const settled = connecting.then((late) => late.release(), ignore)
      void settled.then(() => {
        waiting.abandoned -= 1
      })
      throw cause
    }
  }

  async function statement(client: PostgresClient, text: string, values: unknown[]): Promise<readonly Row[]> {
    const query = options.prepare ? { name: nameOf(text), text, values } : { text, values }
    try {
      return (await client.query(query)).rows
    } catch (cause) {
      if (!meaningOf(cause).again) throw cause
      return (await client.query(query)).rows
    }
  }

  /** Nobody may use a connection again whose answer is still to come: it is closed, which also frees its place in the pool. */
  async function use<T>(client: PostgresClient, deadline: Deadline, work: (run: Run) => Promise<T>): Promise<T> {
    client.on('error', ignore)
    let destroy = false
    const run: Run = async (text, values) => {
      try {
        return await Promise.race([statement(client, text, values), deadline.over])
      } catch (cause) {
        destroy ||= meaningOf(cause).connectionLost
        throw outage(cause)
      }
    }
    try {
      return await work(run)
    } finally {
      client.release(destroy)
      client.removeListener('error', ignore)
    }
  }

  return {
    async operation(work, maxWaitMs = options.maxWaitMs) {
      const deadline = startDeadline(maxWaitMs)
      try {
        const client = await connect(deadline).catch((cause: unknown) => {
          throw outage(cause)
        })
        return await use(client, deadline, work)
      } finally {
        deadline.cancel()
      }
    },
  }
}
