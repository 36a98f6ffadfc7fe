import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { Worker } from 'node:worker_threads'
import { Redis } from 'ioredis'

/** The program that is started. */
export const redisServer: string = 'redis-server'

/** A master, and a replica that is some milliseconds away. */
export interface ReplicatedRedis {
  connect(): Redis
  close(): Promise<void>
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function clientOf(port: number): Redis {
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50, maxRetriesPerRequest: 100 })
  client.on('error', () => undefined)
  return client
}

function startServer(port: number, ...settings: readonly string[]): ChildProcess {
  const common = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0']
  return spawn(redisServer, [...common, ...settings], { stdio: 'ignore', cwd: '/tmp' })
}

async function startProxy(port: number, delayMs: number): Promise<{ readonly worker: Worker; readonly port: number }> {
  const worker = new Worker(new URL('./delaying-proxy.js', import.meta.url), { workerData: { port, delayMs } })
  return { worker, port: await new Promise((resolve) => void worker.once('message', resolve)) }
}

/**
 * Starts both with the program `redis-server`.
 *
 * @param delayMs - in each direction
 */
export async function replicatedRedis(delayMs: number): Promise<ReplicatedRedis> {
  const [port, replicaPort] = [await freePort(), await freePort()]
  const master = startServer(port)
  const admin = clientOf(port)
  await admin.ping()
  const proxy = await startProxy(port, delayMs)
  const replica = startServer(replicaPort, '--replicaof', '127.0.0.1', String(proxy.port))
  do await admin.set('replicated', '1')
  while ((await admin.wait(1, 200)) < 1)
  return {
    connect: () => clientOf(port),
    async close() {
      admin.disconnect()
      for (const server of [replica, master]) server.kill('SIGKILL')
      await proxy.worker.terminate()
    },
  }
}
