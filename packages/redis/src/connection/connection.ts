import { asUnavailable, createWriteCheck, startDeadline } from '@countersign/core'
import type { RunScript } from '../scripts/scripts.js'
import { type ChangeKey, connectionLost, type Durability, type MakeChange, type Patience } from './change.js'
import { watchClient } from './client-events.js'
import type { RedisClient, RedisWarning } from './redis-client.js'
import { isLate, serverClock } from './server-clock.js'
import { isReadOnly, memoryOfServer, type ServerMemory } from './server-memory.js'

/** Calls to the server over one client: bounded in time, and aware of which connection answered. */
export interface RedisConnection {
  readonly client: RedisClient
  readonly run: RunScript
  readonly waitsForReplicas: boolean
  /** A call that reads. */
  read<T>(call: (memory: ServerMemory) => Promise<T>): Promise<T>
  /** A call that changes `key`; with `durability: 'wait'` it is answered when a replica has the change. */
  readonly change: ChangeKey
  /** Whether no connection was lost since a call was given this. */
  isCurrent(memory: ServerMemory): boolean
  /** The time of the server that has the memory, in milliseconds. Use within a call only. */
  serverTime(): number
  /** What is known now of a server that takes writes. Use within a call only. */
  memory(): Promise<ServerMemory>
  /** Rejects if the server takes no writes. Who asks at the same time shares one question. */
  checkWrites(): Promise<void>
  /** @param listener - called when a write was refused because the server is a replica */
  whenReadOnly(listener: () => void): void
  close(): void
}

/** @see redisStores */
export interface ConnectionOptions {
  readonly maxWaitMs: number
  /** Where a change counts when a replica has it. */
  readonly durability?: Durability | undefined
  readonly onWarning: (warning: RedisWarning) => void
}

const errorOf = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** An answer in time, or an outage; a late one is dropped. `failed` is told what the call failed with, also when it is late. */
function bounded<T>(maxWaitMs: number, call: (patience: Patience) => Promise<T>, failed: (error: unknown) => void): Promise<T> {
  const patience: Patience = { giveUpAt: performance.now() + maxWaitMs, isOver: false }
  return new Promise((resolve, reject) => {
    // Time in which this process stood still was not the server's: its answer may be here already.
    const deadline = startDeadline(() => {
      patience.isOver = true
      reject(asUnavailable(new Error(`no answer within ${maxWaitMs} ms`)))
    }, maxWaitMs)
    const refuse = (error: unknown): void => {
      deadline.stop()
      failed(error)
      reject(asUnavailable(error))
    }
    try {
      call(patience).then((answer) => {
        deadline.stop()
        resolve(answer)
      }, refuse)
    } catch (error) {
      refuse(error)
    }
  })
}

/** @param key - where the beginning of the memory is kept */
export function redisConnection(client: RedisClient, run: RunScript, key: string, options: ConnectionOptions): RedisConnection {
  const { maxWaitMs, durability, onWarning } = options
  const clock = serverClock(client, run, key)
  const memory = memoryOfServer({ client, script: run, clock, key }, onWarning)

  const state: { fault: Error | undefined; demoted: () => void } = { fault: undefined, demoted: () => undefined }

  /** The server became a replica behind a connection that stayed open: what is known of it is over, as if that had been lost. */
  function demoted(): void {
    if (memory.known()?.isReplica !== true) memory.forget()
    state.demoted()
  }

  function answered<T>(call: (patience: Patience) => Promise<T>): Promise<T> {
    return bounded(maxWaitMs, call, (error) => {
      if (error instanceof Error && isReadOnly(error.message)) demoted()
    })
  }

  /** A call that comes late although its caller still waits was given a wrong deadline: the clock was turned. */
  function inTime<T>(changed: string, giveUpAt: number, make: MakeChange<T>, send: RunScript = run): Promise<T> {
    const known = memory.known()
    const first = (server: ServerMemory): Promise<T> => make({ memory: server, deadline: clock.deadlineOf(giveUpAt), run: send })
    // every promise counts: this is the way of every change
    return (known?.isReplica === false ? first(known) : writableBefore(giveUpAt).then(first)).catch(async (error: unknown) => {
      if (!isLate(error) || performance.now() >= giveUpAt) throw error
      const deadline = await clock.deadlineAt(changed, giveUpAt)
      return make({ memory: await writableBefore(giveUpAt), deadline, run: send })
    })
  }

  /** A replica may have been promoted since. While it is one, no command that changes something is sent, nor anything decided. */
  async function writable(): Promise<ServerMemory> {
    const known = await memory.read()
    const now = known.isReplica ? (await memory.look('insist')).memory : known
    if (now.isReplica) throw new Error('READONLY the server is a replica, which takes no writes')
    return now
  }

  /** What was given up meanwhile is not sent. */
  async function before<T>(giveUpAt: number, reading: Promise<T>): Promise<T> {
    const known = await reading
    if (performance.now() >= giveUpAt) throw new Error('the call was given up')
    return known
  }

  const writableBefore = (giveUpAt: number): Promise<ServerMemory> => before(giveUpAt, writable())

  const unwatch = watchClient(client, {
    lost: () => memory.forget(),
    ready: () => void memory.read().catch(() => undefined),
  })
  if (client.status === 'ready') void memory.read().catch(() => undefined)

  async function askWrites(isTried: boolean): Promise<void> {
    const { memory: known, writeFault } = await memory.look(isTried ? 'insist' : 'read')
    if (writeFault !== undefined) throw new Error(`the server takes no writes: ${writeFault}`)
    if (durability === undefined) return
    durability.requireReplica(key)
    if (isTried) {
      const acknowledged = durability.acknowledged(key, maxWaitMs / 2)
      state.fault = await acknowledged.then(() => (memory.isCurrent(known) ? undefined : connectionLost()), errorOf)
    }
    if (state.fault) throw state.fault
  }

  const change: ChangeKey = durability
    ? durability.changeWith({ maxWaitMs, answered, inTime, writableBefore, isCurrent: memory.isCurrent })
    : (changed, make) => answered(({ giveUpAt }) => inTime(changed, giveUpAt, make))

  return {
    client,
    run,
    waitsForReplicas: durability !== undefined,
    isCurrent: (known) => memory.isCurrent(known),
    serverTime: clock.now,
    memory: writable,
    read: (call) =>
      answered(({ giveUpAt }) => {
        const known = memory.known()
        return known ? call(known) : before(giveUpAt, memory.read()).then(call)
      }),
    change,
    checkWrites: createWriteCheck((isTried) => answered(() => askWrites(isTried))),
    whenReadOnly(listener) {
      state.demoted = listener
    },
    close() {
      memory.close()
      unwatch()
    },
  }
}
