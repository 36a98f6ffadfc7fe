import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type OwnServer, startServer } from '../redis/redis-servers.js'
import { type GuardProcess, guardProcesses } from './guard-processes.js'
import type { GuardSetup } from './guard-setup.js'

/** What may be different about a process. */
export type FleetChanges = Partial<Omit<GuardSetup, 'place'>> & { readonly username?: 'deaf' | 'reader' }

/** Processes on a Redis server of the suite's own. */
export interface RedisFleet {
  readonly address: { readonly host: string; readonly port: number }
  readonly prefix: string
  start(framework: 'express' | 'koa', changes?: FleetChanges): Promise<GuardProcess>
  /** Two guards, one on each framework, and a process that revokes. */
  startAll(changes?: FleetChanges): Promise<{ readonly guards: readonly GuardProcess[]; readonly operator: GuardProcess }>
  server(): OwnServer
  /** A command to the server, on a connection of its own. */
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>
  /** Stops the server in the middle of whatever it does. @returns lets it go on */
  freezeServer(): Promise<() => void>
}

const users = ['user deaf on >secret ~* &* +@all -xread', 'user reader on >secret ~* &* +@read +@connection +eval +evalsha +time +info']

/** To be called in a suite. */
export function redisFleet(): RedisFleet {
  const servers: OwnServer[] = []
  const processes = guardProcesses()
  const state = { prefix: '', frozen: undefined as number | undefined }
  const server = (): OwnServer => {
    const [first] = servers
    if (first === undefined) throw new Error('the server is not there yet')
    return first
  }
  const address = (): RedisFleet['address'] => ({ host: server().host, port: server().port })

  function start(framework: 'express' | 'koa', { username, ...changes }: FleetChanges = {}): Promise<GuardProcess> {
    const place = { ...address(), prefix: state.prefix, ...(username && { username, password: 'secret' }) }
    return processes.start({ place, framework, serves: ['allow'], maxStalenessSeconds: 5, pollSeconds: 1, keys: 12, ...changes })
  }

  async function command(name: string, ...args: readonly (string | number)[]): Promise<unknown> {
    const client = new Redis(address())
    try {
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }

  function thaw(): void {
    if (state.frozen !== undefined) process.kill(state.frozen, 'SIGCONT')
    state.frozen = undefined
  }

  beforeAll(async () => {
    servers.push(await startServer(users))
  })
  beforeEach(() => {
    state.prefix = `guards-${randomBytes(6).toString('hex')}`
  })
  afterEach(async () => {
    thaw()
    await processes.endAll()
  })
  afterAll(async () => {
    await processes.remove()
    for (const one of servers) await one.remove()
  })
  return {
    get address() {
      return address()
    },
    get prefix() {
      return state.prefix
    },
    start,
    async startAll(changes = {}) {
      const operator = await start('express', { ...changes, serves: [] })
      return { guards: await Promise.all([start('express', changes), start('koa', changes)]), operator }
    },
    server,
    command,
    async freezeServer() {
      // the server of this suite tells its own number
      const [, pid] = /process_id:(\d+)/.exec(String(await command('INFO', 'server'))) ?? []
      state.frozen = Number(pid)
      process.kill(state.frozen, 'SIGSTOP')
      return thaw
    },
  }
}
