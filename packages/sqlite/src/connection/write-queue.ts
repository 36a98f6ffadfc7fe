import { setImmediate, setTimeout } from 'node:timers'
import { type Deadline, startDeadline } from '@countersign/core'
import { Fault, faultOf, outage } from '../driver/fault.js'
import { pauseMs } from '../driver/pause.js'
import type { Tx } from '../driver/transaction.js'
import type { Connection } from './connection.js'

/** Changes, in the order of the calls. */
export interface WriteQueue {
  /**
   * Runs work within a transaction. It may throw, and must do so before it writes; what it throws is its own verdict.
   * @throws Unavailable if it was not carried out within the time, or it cannot be told
   */
  add<T>(work: (tx: Tx) => T, maxWaitMs: number): Promise<T>
  /** Resolves when nothing waits. */
  drained(): Promise<void>
}

type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly cause: Error }

interface Job {
  readonly work: (tx: Tx) => unknown
  /** What comes later is dropped. */
  settle(outcome: Outcome): void
  readonly isSettled: () => boolean
  /** It failed together with others. */
  isAlone: boolean
}

/** So many changes share a commit, which is a write to the disk. */
const jobsPerCommit = 64
/** So long they hold the event loop, in milliseconds, before the commit. */
const sliceMs = 5

function newJob(work: Job['work'], settled: (outcome: Outcome) => void): Job {
  const state = { isSettled: false }
  return {
    work,
    isAlone: false,
    isSettled: () => state.isSettled,
    settle(outcome) {
      if (state.isSettled) return
      state.isSettled = true
      settled(outcome)
    },
  }
}

function outcomeOf({ work }: Job, tx: Tx): Outcome {
  try {
    return { ok: true, value: work(tx) }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    return { ok: false, cause: cause as Error }
  }
}

/** Runs what fits into one slice. @returns outcomes, which hold once it returns */
function commitSome(connection: Connection, jobs: readonly Job[]): readonly Outcome[] {
  return connection.transaction('write', (tx) => {
    const begun = performance.now()
    const outcomes: Outcome[] = []
    for (const job of jobs) {
      if (outcomes.length > 0 && performance.now() - begun > sliceMs) break
      outcomes.push(outcomeOf(job, tx))
    }
    return outcomes
  })
}

/**
 * Changes that arrive in one turn of the event loop share a commit: each waits for the disk once. While another process has the lock of the
 * file, the queue waits without holding the event loop.
 */
export function createWriteQueue(connection: Connection): WriteQueue {
  const state = { jobs: [] as Job[], isScheduled: false, tries: 0, fault: undefined as Fault | undefined, idle: [] as (() => void)[] }

  function take(): readonly Job[] {
    state.jobs = state.jobs.filter((job) => !job.isSettled())
    return state.jobs.splice(0, state.jobs[0]?.isAlone ? 1 : jobsPerCommit)
  }

  function failed(jobs: readonly Job[], fault: Fault): void {
    state.fault = fault
    const isShared = jobs.length > 1 && !fault.uncertain
    if (fault.again || isShared) state.jobs.unshift(...jobs)
    if (fault.again) return
    for (const job of jobs) {
      if (isShared) job.isAlone = true
      else job.settle({ ok: false, cause: outage(fault) })
    }
  }

  function turn(): void {
    state.isScheduled = false
    const jobs = take()
    if (jobs.length === 0) {
      for (const resolve of state.idle.splice(0)) resolve()
      return
    }
    try {
      const outcomes = commitSome(connection, jobs)
      state.fault = undefined
      state.tries = 0
      state.jobs.unshift(...jobs.slice(outcomes.length))
      for (const [at, outcome] of outcomes.entries()) jobs[at]?.settle(outcome)
    } catch (cause) {
      failed(jobs, faultOf(cause))
    }
    schedule()
  }

  function schedule(): void {
    if (state.isScheduled) return
    state.isScheduled = true
    if (!state.fault?.again) {
      setImmediate(turn)
      return
    }
    state.tries += 1
    setTimeout(turn, pauseMs(state.tries))
  }

  return {
    add: <T>(work: (tx: Tx) => T, maxWaitMs: number) =>
      new Promise<T>((resolve, reject) => {
        const waiting: { deadline?: Deadline } = {}
        const job = newJob(work, (outcome) => {
          waiting.deadline?.stop()
          if (outcome.ok) resolve(outcome.value as T)
          else reject(outcome.cause)
        })
        const giveUp = (): void =>
          job.settle({ ok: false, cause: outage(new Error(`no turn within ${maxWaitMs} ms`, { cause: state.fault })) })
        waiting.deadline = startDeadline(giveUp, maxWaitMs)
        state.jobs.push(job)
        schedule()
      }),
    drained: () =>
      new Promise((resolve) => {
        state.idle.push(resolve)
        schedule()
      }),
  }
}
