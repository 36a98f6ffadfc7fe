import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, Server } from 'node:net'
import { format } from 'node:util'
import { vi } from 'vitest'
import { quietPool } from '../postgres/postgres-backend.js'
import { startServer } from '../redis/redis-servers.js'
import { postgresUrl } from '../services.js'
import { startCompanyNetwork } from '../verifier/company-network.js'
import { documentedIssuers, tokensOfReaders } from './issuers.js'
import { documentedPort, secretsOfThisRun } from './substitutions.js'

/** Where the programs of a page run: in this process, with ports, output and stores of their own. */
export interface Stage {
  /** Lines that were printed. */
  readonly printed: string[]
  /** Environment that commands and programs share. */
  readonly env: NodeJS.ProcessEnv
  /** How many programs have listened. */
  listened(): number
  /** Where the last of them does. */
  port(): Promise<number | undefined>
  close(): Promise<void>
}

type Closing = (() => Promise<unknown>)[]

async function ownDatabase(closing: Closing): Promise<string> {
  if (postgresUrl === undefined) throw new Error('PostgreSQL is needed: set POSTGRES_URL')
  const name = `test_${randomBytes(9).toString('hex')}`
  const admin = quietPool(postgresUrl, { max: 1 })
  await admin.query(`create database ${name}`)
  closing.push(async () => {
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  })
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return url.href
}

async function ownRedis(closing: Closing): Promise<string> {
  const server = await startServer()
  closing.push(() => server.remove())
  return `redis://127.0.0.1:${server.port}`
}

/** A proxy that leads to the partner of the documentation, and the CA of the partner's certificate. */
async function ownProxy(closing: Closing): Promise<NodeJS.ProcessEnv> {
  const network = await startCompanyNetwork(['login.partner.example'])
  closing.push(() => network.close())
  return { HTTPS_PROXY: network.proxyUrl, COMPANY_CA: network.caFile }
}

/** Gives programs that listen at the port of the documentation a free one. */
function redirectListening(closing: Closing): Pick<Stage, 'listened' | 'port'> {
  const seen: Server[] = []
  const listen = Server.prototype.listen
  const redirected = function (this: Server, ...args: unknown[]): Server {
    if (args[0] !== documentedPort) return Reflect.apply(listen, this, args)
    seen.push(this)
    return Reflect.apply(listen, this, [0, '127.0.0.1', ...args.filter((arg) => typeof arg === 'function')])
  }
  Server.prototype.listen = redirected as typeof listen
  closing.push(async () => {
    Server.prototype.listen = listen
    for (const server of seen) {
      if ('closeAllConnections' in server) (server as Server & { closeAllConnections(): void }).closeAllConnections()
      const closed = once(server, 'close')
      server.close()
      await closed
    }
  })
  return {
    listened: () => seen.length,
    async port() {
      const server = seen.at(-1)
      if (server && !server.listening) await once(server, 'listening')
      return (server?.address() as AddressInfo | null | undefined)?.port
    },
  }
}

/** @param text - the whole page and its context: says which servers it needs */
export async function openStage(text: string): Promise<Stage> {
  const closing: Closing = []
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...secretsOfThisRun(),
    ...(await tokensOfReaders()),
    NODE_ENV: 'production',
    PORT: undefined,
  }
  env.POSTGRES_URL = text.includes('POSTGRES_URL') ? await ownDatabase(closing) : undefined
  env.REDIS_URL = text.includes('process.env.REDIS_URL') ? await ownRedis(closing) : undefined
  if (text.includes('process.env.HTTPS_PROXY')) Object.assign(env, await ownProxy(closing))
  const printed: string[] = []
  const streams = (['log', 'info', 'warn', 'error', 'table'] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => void printed.push(...format(...args).split('\n'))),
  )
  closing.push(async () => {
    for (const spy of streams) spy.mockRestore()
  })
  const real = globalThis.fetch
  const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(documentedIssuers(real))
  closing.push(async () => {
    fetched.mockRestore()
  })
  return {
    printed,
    env,
    ...redirectListening(closing),
    async close() {
      for (const close of closing.reverse()) await close()
    },
  }
}
