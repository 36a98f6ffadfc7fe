import { setImmediate } from 'node:timers'
import { connectionLost } from '../connection/change.js'
import type { RedisClient } from '../connection/redis-client.js'
import { hasNoReplica, isAcknowledged } from './replica-questions.js'

/** Changes that one WAIT is for. */
export interface AcknowledgedGroup {
  /** Resolves when a replica has all of them; rejects if none said so in time. */
  readonly acknowledged: Promise<void>
}

/** The changes of one server, over one connection: it carries out changes and WAIT in the order in which they are sent. */
export interface AcknowledgementLine {
  /** Resolves when no WAIT is under way: a change behind it would wait as well. Rejects while no replica acknowledges. */
  enter(): Promise<void>
  /** @throws Error while no replica acknowledges */
  requireReplica(): void
  /** The WAIT that covers what was sent until now. */
  join(key: string, waitMs: number): AcknowledgedGroup
  /** Asks whether there is a replica at all. */
  look(key: string): void
  /** What was sent on the lost connection is not acknowledged any more. */
  lost(): void
  end(): void
}

interface Group extends AcknowledgedGroup {
  /** A change of it, which says the server in a Cluster; undefined while there is none. */
  key: string | undefined
  until: number
  settle(error?: Error): void
}

/** While no replica acknowledges, the server is asked again this often. */
const askAgainMs = 250
const withoutReplica = (): Error => new Error('the server has no replica, so no replica acknowledged')

function createGroup(): Group {
  const group = { key: undefined, until: 0 } as Partial<Group> & Pick<Group, 'key' | 'until'>
  const acknowledged = new Promise<void>((resolve, reject) => {
    group.settle = (error) => (error ? reject(error) : resolve())
  })
  // Those who wait are told; there may be nobody.
  acknowledged.catch(() => undefined)
  return Object.assign(group, { acknowledged }) as Group
}

/** @param changed - told why no replica acknowledges; with undefined, that one does again */
export function acknowledgementLine(client: RedisClient, changed: (fault: Error | undefined) => void): AcknowledgementLine {
  const state = {
    next: createGroup(),
    waiting: undefined as Group | undefined,
    isScheduled: false,
    fault: undefined as Error | undefined,
    timer: undefined as NodeJS.Timeout | undefined,
    isEnded: false,
  }

  async function askUntilAcknowledged(group: Group, key: string): Promise<void> {
    while (!(await isAcknowledged(client, key))) {
      if (state.waiting !== group) return
      const isAlone = await hasNoReplica(client, key)
      if (isAlone || performance.now() >= group.until) {
        const fault = isAlone ? withoutReplica() : new Error('no replica acknowledged')
        lose(fault, key)
        throw fault
      }
    }
  }

  async function flush(): Promise<void> {
    state.isScheduled = false
    const group = state.next
    if (group.key === undefined) return
    state.next = createGroup()
    state.waiting = group
    const fault = await askUntilAcknowledged(group, group.key).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    )
    // Else the connection was lost meanwhile: the group was told, and this answer may be of another server.
    if (state.waiting !== group) return
    state.waiting = undefined
    group.settle(fault)
    if (state.next.key !== undefined) schedule()
  }

  /** Behind all that is sent in this turn of the event loop. */
  function schedule(): void {
    if (state.isScheduled || state.waiting !== undefined) return
    state.isScheduled = true
    setImmediate(() => void flush())
  }

  function requireReplica(): void {
    if (state.fault) throw state.fault
  }

  function lose(fault: Error, key: string): void {
    if (state.isEnded || state.fault) return
    state.fault = fault
    changed(fault)
    askAgainLater(key)
  }

  function askAgainLater(key: string): void {
    state.timer = setTimeout(() => void askAgain(key), askAgainMs).unref()
  }

  async function askAgain(key: string): Promise<void> {
    const isBack = await isAcknowledged(client, key).catch(() => false)
    if (state.isEnded) return
    if (!isBack) return askAgainLater(key)
    state.fault = undefined
    changed(undefined)
  }

  return {
    requireReplica,
    async enter() {
      // A caller that tries again at once must not hold the event loop: nothing else here waits for anything.
      if (state.fault) await new Promise((resolve) => setImmediate(resolve))
      requireReplica()
      for (let group = state.waiting; group !== undefined; group = state.waiting) {
        await group.acknowledged.catch(() => undefined)
        requireReplica()
      }
    },
    join(key, waitMs) {
      const group = state.next
      group.key = key
      group.until = Math.max(group.until, performance.now() + waitMs)
      schedule()
      return group
    },
    look(key) {
      const told = (isAlone: boolean): void => {
        if (isAlone) lose(withoutReplica(), key)
      }
      void hasNoReplica(client, key).then(told, () => undefined)
    },
    lost() {
      for (const group of [state.waiting, state.next]) group?.settle(connectionLost())
      state.waiting = undefined
      state.next = createGroup()
    },
    end() {
      state.isEnded = true
      clearTimeout(state.timer)
    },
  }
}
