import { connect } from 'node:net'
import { describe, it } from 'vitest'

/** A server that some suites need. */
export type Service = 'redis' | 'postgres'

interface Probe {
  readonly title: string
  readonly variable: string
  readonly url: string
  readonly greeting: Uint8Array
  /** First bytes of what only such a server answers. */
  readonly answers: readonly string[]
}

const probes: Readonly<Record<Service, Probe>> = {
  redis: {
    title: 'Redis',
    variable: 'REDIS_URL',
    url: 'redis://127.0.0.1:6379',
    greeting: Buffer.from('PING\r\n'),
    answers: ['+PONG', '-NOAUTH'],
  },
  postgres: {
    title: 'PostgreSQL',
    variable: 'POSTGRES_URL',
    url: 'postgres://postgres@127.0.0.1:5432/postgres',
    // SSLRequest, the one message that is answered before anything is agreed
    greeting: Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47),
    answers: ['S', 'N'],
  },
}

function isServing({ url, greeting, answers }: Probe): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 1_000 })
    const settle = (serving: boolean): void => {
      socket.destroy()
      resolve(serving)
    }
    socket.once('connect', () => socket.write(greeting))
    socket.once('data', (bytes) => settle(answers.some((answer) => bytes.toString('latin1').startsWith(answer))))
    socket.once('timeout', () => settle(false))
    socket.once('error', () => settle(false))
  })
}

/** What the environment names, whether it answers or not; else the usual local address, where it answers. */
async function discover(probe: Probe): Promise<string | undefined> {
  return process.env[probe.variable] ?? ((await isServing(probe)) ? probe.url : undefined)
}

/** Where Redis is: `REDIS_URL`, or the local server. */
export const redisUrl: string | undefined = await discover(probes.redis)
/** Where PostgreSQL is: `POSTGRES_URL`, or the local server. */
export const postgresUrl: string | undefined = await discover(probes.postgres)

/** Where the servers are looked for if the environment does not name them. */
export const usualUrls: Readonly<Record<Service, string>> = { redis: probes.redis.url, postgres: probes.postgres.url }

const urls: Readonly<Record<Service, string | undefined>> = { redis: redisUrl, postgres: postgresUrl }

/**
 * A suite that needs a service. Without it the suite is reported as skipped by name; with `CI=true` that is a failure.
 *
 * @param suite - gets the address of the service
 */
export function describeWith(service: Service, name: string, suite: (url: string) => void): void {
  const url = urls[service]
  if (url !== undefined) {
    describe(name, () => suite(url))
    return
  }
  const { title, variable, url: usual } = probes[service]
  const needs = `${name} (needs ${title}: set ${variable})`
  if (process.env.CI === 'true') {
    it(needs, () => {
      throw new Error(`${title} is not at ${usual}, and ${variable} is not set`)
    })
    return
  }
  describe.skipIf(true)(needs, () => suite(usual))
}
