import { createHash } from 'node:crypto'
import {
  type CallIds,
  type Deadline as CoreDeadline,
  createCallIds,
  startDeadline,
  startRequestTimer,
  stopRequestTimer,
} from '@countersign/core'
import { requestCancel } from './cancel-request.js'
import { checkOut, giveBack } from './check-out.js'
import type { PostgresClient, PostgresPool, Row, Run } from './driver.js'
import { outage } from './outage.js'
import { type TimedChange, timedChange, type Work } from './server-clock.js'
import { meaningOf } from './sqlstate.js'

/** The host's pool, with an end to waiting. */
export interface Database {
  /** Statements of one operation on one connection, within one limit of time. Every failure of the server is `Unavailable`. */
  operation<T>(work: (run: Run) => Promise<T>, maxWaitMs?: number, signal?: AbortSignal): Promise<T>
  /** The same for an operation that changes something, with the instant at which it is given up, in milliseconds of the server's time. */
  readonly change: TimedChange
  readonly callIdOf: CallIds
}

interface Deadline {
  /** By the monotonic clock of this process. */
  readonly giveUpAt: number
  /** Never resolves; rejects when the time is over. */
  readonly over: Promise<never>
  cancel(): void
}

/** Waiters that were given up and still stand in the pool's queue. More are turned away: a queue would grow through a long outage. */
const maxAbandoned = 100

/** So long a statement that was given up may take to end, in milliseconds, before its connection is closed all the same. */
const endsWithinMs = 1_000

const ignore = (): void => undefined

function startLimit(maxWaitMs: number, signal: AbortSignal | undefined): Deadline {
  const started: { deadline?: CoreDeadline; abort?: () => void } = {}
  const over = new Promise<never>((_resolve, reject) => {
    // Time in which this process stood still was not the server's: its answer may be here already.
    started.deadline = startDeadline(() => reject(new Error(`no answer within ${maxWaitMs} ms`)), maxWaitMs)
    started.abort = () => reject(new Error('given up', { cause: signal?.reason }))
  })
  over.catch(ignore)
  const { deadline, abort = ignore } = started
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  return {
    giveUpAt: performance.now() + maxWaitMs,
    over,
    cancel() {
      deadline?.stop()
      signal?.removeEventListener('abort', abort)
    },
  }
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
    const connecting = checkOut(pool)
    try {
      return await Promise.race([connecting, deadline.over])
    } catch (cause) {
      waiting.abandoned += 1
      const settled = connecting.then((late) => giveBack(late, false), ignore)
      void settled.then(() => {
        waiting.abandoned -= 1
      })
      throw cause
    }
  }

  async function statement(
    client: PostgresClient,
    deadline: Deadline,
    { text, values }: { readonly text: string; readonly values: unknown[] },
  ): Promise<readonly Row[]> {
    const query = options.prepare ? { name: nameOf(text), text, values } : { text, values }
    try {
      return (await client.query(query)).rows
    } catch (cause) {
      if (!meaningOf(cause).again || performance.now() >= deadline.giveUpAt) throw cause
      return (await client.query(query)).rows
    }
  }

  /**
   * Nobody may use a connection again whose answer is still to come: it is closed. Its place in the pool stays taken until the
   * server has ended the statement, or cannot be reached: else every statement that is given up would be one more backend.
   */
  async function abandon(client: PostgresClient, answer: Promise<unknown>): Promise<void> {
    const started: { timer?: NodeJS.Timeout } = {}
    const late = new Promise<void>((resolve) => {
      started.timer = startRequestTimer(resolve, endsWithinMs)
    })
    const ended = answer.then(ignore, ignore)
    if (await Promise.race([requestCancel(client, endsWithinMs), ended.then(() => false)])) await Promise.race([ended, late])
    stopRequestTimer(started.timer)
    giveBack(client, true)
  }

  async function use<T>(client: PostgresClient, deadline: Deadline, work: Work<T>): Promise<T> {
    let destroy = false
    let unanswered: Promise<unknown> | undefined
    const run: Run = async (text, values) => {
      try {
        if (performance.now() >= deadline.giveUpAt) await deadline.over
        const answer = statement(client, deadline, { text, values })
        unanswered = answer
        const answered = (): void => {
          unanswered = undefined
        }
        answer.then(answered, answered)
        return await Promise.race([answer, deadline.over])
      } catch (cause) {
        destroy ||= meaningOf(cause).connectionLost
        throw outage(cause)
      }
    }
    try {
      return await work(run, deadline.giveUpAt)
    } finally {
      if (unanswered) void abandon(client, unanswered)
      else giveBack(client, destroy)
    }
  }

  async function operation<T>(work: Work<T>, maxWaitMs = options.maxWaitMs, signal?: AbortSignal): Promise<T> {
    const deadline = startLimit(maxWaitMs, signal)
    try {
      const client = await connect(deadline).catch((cause: unknown) => {
        throw outage(cause)
      })
      return await use(client, deadline, work)
    } finally {
      deadline.cancel()
    }
  }

  return {
    operation: (work, maxWaitMs, signal) => operation(work, maxWaitMs, signal),
    change: timedChange(operation),
    callIdOf: createCallIds(),
  }
}
