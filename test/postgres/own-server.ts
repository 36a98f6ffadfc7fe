import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { describe, it } from 'vitest'

const execute = promisify(execFile)

/** A server of the test's own, in a folder of its own. */
export interface OwnServer {
  readonly url: string
  readonly folder: string
  /** SIGKILL, for the server and so for all its connections. */
  kill(): Promise<void>
  stop(): Promise<void>
  /** Starts it with the files that it left. */
  start(): Promise<void>
  /** Ends it and removes its files. */
  remove(): Promise<void>
}

function programsIn(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...(process.env.PATH ?? '').split(':'), ...versions.map((version) => join(debian, version, 'bin'))]
  return folders.find((folder) => ['initdb', 'pg_dump', 'pg_basebackup'].every((program) => existsSync(join(folder, program))))
}

const programs = programsIn()

/** The server refuses to run as root. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** A suite that starts servers of its own; without the programs it is skipped by name, and with `CI=true` that is a failure. */
export function describeWithServers(name: string, suite: () => void): void {
  if (programs !== undefined) describe(name, suite)
  else if (process.env.CI === 'true')
    it(name, () => {
      throw new Error('initdb is not installed')
    })
  else describe.skipIf(true)(`${name} (needs the program initdb)`, suite)
}

/** Runs a program of PostgreSQL. */
export async function runProgram(name: string, args: readonly string[], options: { readonly input?: string } = {}): Promise<string> {
  const running = execute(join(programs ?? '', name), [...args], { ...unprivileged(), cwd: tmpdir(), maxBuffer: 1e8 })
  if (options.input !== undefined) running.child.stdin?.end(options.input)
  return (await running).stdout
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

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Who owns the files of a server. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-postgres-'))
  const { uid, gid } = unprivileged()
  if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid)
  return folder
}

/** Puts the files of one stopped server where those of another were. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await cp(from, to, { recursive: true, preserveTimestamps: true })
  const { uid, gid } = unprivileged()
  if (uid !== undefined) await execute('chown', ['-R', `${uid}:${gid}`, to])
  await execute('chmod', ['700', to])
}

/** @param folder - with the files of a cluster; absent: a new one */
export async function startServer(folder?: string): Promise<OwnServer> {
  const data = folder ?? (await newFolder())
  if (folder === undefined)
    await runProgram('initdb', ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync', '--locale=C', '-E', 'UTF8'])
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const state: { child: ChildProcess | undefined } = { child: undefined }

  /** After a SIGKILL the connections of before may take a moment to notice, and the files are theirs until then. */
  async function start(): Promise<void> {
    for (let tries = 0; tries < 400; tries += 1) {
      if (state.child === undefined || state.child.exitCode !== null || state.child.signalCode !== null)
        state.child = spawn(
          join(programs ?? '', 'postgres'),
          [
            '-D',
            data,
            '-p',
            String(port),
            '-k',
            '',
            '-c',
            'listen_addresses=127.0.0.1',
            '-c',
            'shared_buffers=16MB',
            '-c',
            'max_wal_senders=3',
          ],
          { ...unprivileged(), stdio: 'ignore' },
        )
      if (await answers(url)) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('the server does not start')
  }
  async function end(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const { child } = state
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
  await start()
  return {
    url,
    folder: data,
    start,
    stop: () => end('SIGINT'),
    kill: () => end('SIGKILL'),
    async remove() {
      await end('SIGINT')
      await rm(data, { recursive: true, force: true })
    },
  }
}
