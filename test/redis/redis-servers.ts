import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { describe, it } from 'vitest'

/** A server of the test's own, in a folder of its own. */
export interface OwnServer {
  readonly host: '127.0.0.1'
  readonly port: number
  /** SIGTERM: it saves what it was told to save. */
  stop(): Promise<void>
  /** SIGKILL: it saves nothing. */
  kill(): Promise<void>
  /** Starts it again, on the same port and with the files that it left. */
  start(): Promise<void>
  /** SIGSTOP: it keeps its connections and answers nothing, until `thaw`. */
  freeze(): void
  thaw(): void
  /** Ends it and removes its files. */
  remove(): Promise<void>
}

const program = 'redis-server'
const present = spawnSync(program, ['--version']).status === 0

/** A suite that starts servers of its own; without the program it is skipped by name, and with `CI=true` that is a failure. */
export function describeWithServers(name: string, suite: () => void): void {
  if (present) describe(name, suite)
  else if (process.env.CI === 'true')
    it(name, () => {
      throw new Error('redis-server is not installed')
    })
  else describe.skipIf(true)(`${name} (needs the program redis-server)`, suite)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Nodes of a Cluster talk on a second port, 10000 above. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
  }
}

async function untilAnswering(port: number): Promise<void> {
  // A server may have no INFO, which the driver's own check asks for; while it loads its data, it answers with an error.
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 25, maxRetriesPerRequest: 400, enableReadyCheck: false })
  client.on('error', () => undefined)
  for (let tries = 0; tries < 400; tries += 1) {
    if ((await client.ping().catch(() => 'loading')) === 'PONG') break
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  client.disconnect()
}

/** @param settings - lines of a redis.conf, of which the server may rewrite its own */
export async function startServer(settings: readonly string[] = [], mode: readonly string[] = []): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-redis-'))
  const port = await freePort()
  const conf = join(folder, 'redis.conf')
  await writeFile(conf, ['bind 127.0.0.1', `port ${port}`, `dir ${folder}`, 'save ""', ...settings, ''].join('\n'))
  const state: { child: ChildProcess | undefined } = { child: undefined }

  async function start(): Promise<void> {
    state.child = spawn(program, [conf, ...mode], { stdio: 'ignore' })
    await untilAnswering(port)
  }
  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = state
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
  await start()
  return {
    host: '127.0.0.1',
    port,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    freeze: () => void state.child?.kill('SIGSTOP'),
    thaw: () => void state.child?.kill('SIGCONT'),
    async remove() {
      await end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Several servers that end together. */
export interface OwnServers {
  readonly servers: readonly OwnServer[]
  remove(): Promise<void>
}

function together(servers: readonly OwnServer[]): OwnServers {
  return {
    servers,
    async remove() {
      await Promise.all(servers.map((server) => server.remove()))
    },
  }
}

/** Three masters that share all slots, and so many replicas of each. */
export async function startCluster(replicas = 0): Promise<OwnServers> {
  const settings = ['cluster-enabled yes', 'cluster-node-timeout 2000', 'repl-diskless-sync-delay 0']
  const servers = await Promise.all(Array.from({ length: 3 * (1 + replicas) }, () => startServer(settings)))
  const addresses = servers.map(({ host, port }) => `${host}:${port}`)
  await promisify(execFile)('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', String(replicas), '--cluster-yes'])
  for (const { port } of servers) await untilClusterIsUp(port)
  return together(servers)
}

async function untilClusterIsUp(port: number): Promise<void> {
  const client = new Redis({ host: '127.0.0.1', port })
  while (!(await client.cluster('INFO')).includes('cluster_state:ok')) await new Promise((resolve) => setTimeout(resolve, 50))
  client.disconnect()
}

/** A master, its replica, and a Sentinel that watches them under the name `main`: in this order. */
export async function startSentinel(): Promise<OwnServers & { readonly sentinel: OwnServer }> {
  const fast = ['repl-ping-replica-period 1', 'repl-diskless-sync-delay 0']
  const master = await startServer(fast)
  const replica = await startServer([...fast, `replicaof 127.0.0.1 ${master.port}`])
  const sentinel = await startServer(
    [
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 3000',
    ],
    ['--sentinel'],
  )
  await untilReplicating(master.port)
  await untilSeen(sentinel.port)
  return { ...together([master, replica, sentinel]), servers: [master, replica], sentinel }
}

/** "Online" is not enough: until its first acknowledgement, up to a second later, a replica is sent nothing. */
export async function untilReplicating(...ports: readonly number[]): Promise<void> {
  const clients = ports.map((port) => new Redis({ host: '127.0.0.1', port }))
  // The one that is the master may become a replica between the two commands.
  const acknowledged = (client: Redis): Promise<boolean> =>
    client
      .set('replicated', '1')
      .then(async () => (await client.wait(1, 200)) > 0)
      .catch(() => false)
  const isReplicating = async (): Promise<boolean> => (await Promise.all(clients.map(acknowledged))).includes(true)
  while (!(await isReplicating())) await new Promise((resolve) => setTimeout(resolve, 50))
  for (const client of clients) client.disconnect()
}

async function untilSeen(port: number): Promise<void> {
  const client = new Redis({ host: '127.0.0.1', port })
  while (((await client.call('SENTINEL', 'REPLICAS', 'main')) as readonly unknown[]).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
  client.disconnect()
}
