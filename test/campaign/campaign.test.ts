import { migrate } from '@countersign/postgres'
import { Redis } from 'ioredis'
import { Client, Pool } from 'pg'
import { expect, it } from 'vitest'
import { describeWithServers as describeWithPostgres, startServer as startPostgres } from '../postgres/own-server.js'
import { describeWithServers as describeWithRedis, startSentinel, untilReplicating } from '../redis/redis-servers.js'
import { type CampaignSize, campaign, type Trouble } from './campaign.js'
import type { Figures } from './honest-client.js'

/** `pnpm campaign` sets larger ones. */
const numberOf = (name: string, usual: number): number => Number(process.env[`CAMPAIGN_${name}`] ?? usual)
const size: CampaignSize = { clients: numberOf('CLIENTS', 40), rotations: numberOf('ROTATIONS', 5_000), pauseMs: 300 }
const times = numberOf('TIMES', 1)
const limitMs = numberOf('MINUTES', 4) * 60_000
const killedWorkers: Trouble = { name: 'a worker is killed', times: 8 * times, run: (workers) => workers.killOne() }

function expectNoneHurt(name: string, figures: Figures): void {
  process.stdout.write(`${JSON.stringify({ campaign: name, ...figures })}\n`)
  expect(figures.rotations).toBeGreaterThanOrEqual(size.rotations)
  expect(figures.unanswered).toBeGreaterThan(0)
  expect(figures.lookedAt503).toBeGreaterThan(0)
  const { forks, doubles, doneAfter503, endedBySinglePresentation, endedConfidential } = figures
  expect({ forks, doubles, doneAfter503, endedBySinglePresentation, endedConfidential }).toEqual({
    forks: 0,
    doubles: 0,
    doneAfter503: 0,
    endedBySinglePresentation: 0,
    endedConfidential: 0,
  })
}

describeWithRedis('a campaign on Redis with a Sentinel', () => {
  it.each(['server', 'wait'] as const)(
    'hurts no honest client (durability %s)',
    async (durability) => {
      const group = await startSentinel()
      const ports = group.servers.map(({ port }) => port)
      const admin = async (port: number, run: (client: Redis) => Promise<unknown>): Promise<void> => {
        const client = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: 2 })
        client.on('error', () => undefined)
        await run(client).catch(() => undefined)
        client.disconnect()
      }
      const killed: Trouble = {
        name: 'connections are killed',
        times: 10 * times,
        run: async () => {
          for (const port of ports) await admin(port, (client) => client.call('CLIENT', 'KILL', 'TYPE', 'normal'))
        },
      }
      /** The server that was the master comes back as a replica of the other one. */
      const failover: Trouble = {
        name: 'the master is killed',
        times,
        async run() {
          const [master, replica] = group.servers
          await master?.kill()
          await expect.poll(() => roleOf(ports[1] ?? 0), { timeout: 60_000, interval: 100 }).toBe('master')
          await master?.start()
          await admin(ports[0] ?? 0, (client) => client.call('REPLICAOF', '127.0.0.1', String(replica?.port)))
          await untilReplicating(...ports)
        },
      }
      /** A replica that keeps its connection and acknowledges nothing. */
      const frozen: Trouble = {
        name: 'the replica is frozen',
        times: durability === 'wait' ? 3 * times : 0,
        async run() {
          const isFirst = (await roleOf(ports[0] ?? 0)) === 'slave'
          const replica = group.servers[isFirst ? 0 : 1]
          replica?.freeze()
          await new Promise((resolve) => setTimeout(resolve, 1_500))
          replica?.thaw()
          await untilReplicating(...ports)
        },
      }
      const place = { kind: 'redis', sentinelPort: group.sentinel.port, prefix: 'campaign', durability } as const
      const figures = await campaign(place, [killed, killedWorkers, failover, frozen], size).finally(() => group.remove())
      expectNoneHurt(`redis, ${durability}`, figures)
      if (durability === 'wait') expect(figures.lostByStore).toBe(0)
    },
    180_000,
  )
})

async function roleOf(port: number): Promise<string> {
  const client = new Redis({ host: '127.0.0.1', port })
  client.on('error', () => undefined)
  const [role] = await client.role()
  client.disconnect()
  return String(role)
}

describeWithPostgres('a campaign on PostgreSQL', () => {
  it(
    'hurts no honest client',
    async () => {
      const server = await startPostgres()
      const query = async (text: string): Promise<void> => {
        const client = new Client({ connectionString: server.url })
        client.on('error', () => undefined)
        await client.connect()
        await client.query(text).catch(() => undefined)
        await client.end().catch(() => undefined)
      }
      await migrateOn(server.url)
      const killed: Trouble = {
        name: 'connections are killed',
        times: 10 * times,
        run: () =>
          query("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'"),
      }
      const stopped: Trouble = {
        name: 'the server is stopped at once',
        times: 3 * times,
        async run() {
          await server.kill()
          await server.start()
        },
      }
      const place = { kind: 'postgres', url: server.url, schema: 'campaign' } as const
      const figures = await campaign(place, [killed, killedWorkers, stopped], size).finally(() => server.remove())
      expectNoneHurt('postgres', figures)
      expect(figures.lostByStore).toBe(0)
    },
    limitMs,
  )
})

async function migrateOn(url: string): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 1 })
  await migrate(pool, { schema: 'campaign' })
  await pool.end()
}
