import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Client } from 'pg'

/** The stores that are measured. */
export type StoreName = 'redis' | 'postgres'

/** A server of the bench's own, in a folder of its own. */
export interface OwnServer {
  readonly url: string
  readonly version: string
  /** Ends the process that was started, and removes its files. */
  stop(): Promise<void>
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address === null || typeof address === 'string' ? reject(new Error('no port')) : resolve(address.port)))
    })
  })
}

/** Tries until it succeeds, for half a minute. */
async function untilAnswering<T>(child: ChildProcess, name: string, ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask()
    } catch (cause) {
      if (tries >= 300 || child.exitCode !== null) throw new Error(`scale: ${name} does not start`, { cause })
      await sleep(100)
    }
  }
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGINT', folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
  await rm(folder, { recursive: true, force: true })
}

const redisProgram = 'redis-server'

async function startRedis(): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-scale-'))
  const port = await freePort()
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '', '--appendonly', 'no']
  const child = spawn(redisProgram, settings, { stdio: 'ignore' })
  child.on('error', () => undefined)
  const version = await untilAnswering(child, redisProgram, async () => {
    const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown'
    } finally {
      client.disconnect()
    }
  })
  return { url: `redis://127.0.0.1:${port}`, version, stop: () => end(child, 'SIGKILL', folder) }
}

function postgresPrograms(): string {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...(process.env.PATH ?? '').split(':'), ...versions.map((version) => join(debian, version, 'bin'))]
  const found = folders.find((folder) => ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))))
  if (found === undefined) throw new Error('scale: the programs initdb and postgres must be installed')
  return found
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Settings that differ from the defaults of PostgreSQL: a commit is flushed to the disk. */
export const postgresSettings = ['shared_buffers=256MB', 'max_wal_size=4GB'] as const

async function startPostgres(): Promise<OwnServer> {
  const programs = postgresPrograms()
  const folder = await mkdtemp(join(tmpdir(), 'countersign-scale-'))
  const user = unprivileged()
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid)
  const options = ['-D', folder, '-A', 'trust', '-U', 'postgres', '--no-sync', '--locale=C', '-E', 'UTF8']
  execFileSync(join(programs, 'initdb'), options, { ...user, cwd: tmpdir(), stdio: 'ignore' })
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', ...postgresSettings].flatMap((setting) => ['-c', setting])
  const child = spawn(join(programs, 'postgres'), ['-D', folder, '-p', String(port), '-k', '', ...settings], { ...user, stdio: 'ignore' })
  child.on('error', () => undefined)
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const version = await untilAnswering(child, 'postgres', async () => {
    const client = new Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      const { rows } = await client.query<{ readonly server_version: string }>('show server_version')
      return rows[0]?.server_version ?? 'unknown'
    } finally {
      await client.end().catch(() => undefined)
    }
  })
  return { url, version, stop: () => end(child, 'SIGINT', folder) }
}

/** Starts a server on a free port of the loopback address. */
export function startServer(store: StoreName): Promise<OwnServer> {
  return store === 'redis' ? startRedis() : startPostgres()
}
