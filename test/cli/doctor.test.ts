import { randomBytes } from 'node:crypto'
import { type CommandContext, type CountersignConfig, defineConfig } from '@countersign/cli'
import { createFakeIssuer, testKeys } from '@countersign/testkit'
import { cognito, createGuard, jwks } from '@countersign/verifier'
import { createAuthorizationServer, memoryStores } from 'countersign'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { describeWithServers, startServer } from '../redis/redis-servers.js'
import { command } from './command.js'

const ended: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

interface Report {
  readonly ok: boolean
  readonly findings: readonly { readonly part: string; readonly level: string; readonly message: string }[]
}

/** What the doctor says of a config. A function is a config that fails while it is loaded. */
async function reported(
  config: CountersignConfig | (() => CountersignConfig),
  given: Partial<CommandContext> = {},
): Promise<Report & { readonly code: number }> {
  const { code, output } = await command(['doctor', '-c', 'command.ts', '--json'], { importModule: async () => ({ config }), ...given })
  return { code, ...(JSON.parse(output) as Report) }
}

const problemsOf = ({ findings }: Report): readonly string[] =>
  findings.filter(({ level }) => level === 'problem').map(({ part, message }) => `${part}: ${message}`)

const issuerWith = async (...options: Parameters<typeof createFakeIssuer>) => {
  const issuer = await createFakeIssuer(...options)
  ended.push(() => issuer.close())
  return issuer
}

const guardOf = (url: string, algorithms: readonly ('RS256' | 'ES256')[] = ['ES256']) =>
  createGuard({ issuers: { partner: jwks({ issuer: 'https://partner.example', url, algorithms, audience: 'api' }) } })

describe('doctor', () => {
  test('finds nothing where nothing is wrong, and says what it looked at', async () => {
    const issuer = await issuerWith()
    const secrets = { masterSecret: { current: { id: '1', secret: randomBytes(32).toString('base64') } } }
    const report = await reported({ guard: guardOf(issuer.jwksUrl), secrets })
    expect(problemsOf(report)).toEqual([])
    expect(report).toMatchObject({ ok: true, code: 0 })
    expect(report.findings.map(({ part }) => part)).toEqual(['config', 'issuer partner', 'clock', 'secrets'])
  })

  test('prints a table, and how many problems there are', async () => {
    const { code, output } = await command(['doctor', '-c', 'command.ts'], {
      importModule: async () => ({ config: { guard: guardOf('http://127.0.0.1:1/keys') } }),
    })
    expect(code).toBe(1)
    expect(output).toMatch(/NO +issuer partner +https:\/\/partner\.example: its keys cannot be loaded/)
    expect(output).toContain('1 problem.')
  })

  test.each([
    [
      'keys over plain http',
      () => ({ guard: guardOf('http://keys.example/jwks.json') }),
      /config: jwks: url must be https, or http on loopback/,
    ],
    ['a key set out of reach', () => ({ guard: guardOf('http://127.0.0.1:1/keys') }), /issuer partner: .*cannot be loaded.*127\.0\.0\.1:1/],
    [
      'a master secret that is too short',
      () => ({
        server: createAuthorizationServer({
          issuer: 'https://api.example',
          stores: memoryStores(),
          masterSecret: { current: { id: '1', secret: 'short' } },
          grants: ['client_credentials'],
        }),
      }),
      /config: .*masterSecret.*32 bytes or more/,
    ],
    [
      'a misspelt member of the config',
      () => ({ gaurd: guardOf('https://keys.example/') }) as CountersignConfig,
      /config: defineConfig: unknown option "gaurd"/,
    ],
    [
      'a secret of words',
      () => ({ secrets: { pepper: { current: { id: '1', secret: 'my very long secret password for all' } } } }),
      /secrets: pepper\.current can be guessed: it has words/,
    ],
    [
      'a secret that repeats itself',
      () => ({ secrets: { pepper: { current: { id: '1', secret: 'aB3dE6gH9jK2mN5pqR8t'.repeat(2) } } } }),
      /secrets: pepper\.current can be guessed: it repeats itself/,
    ],
    ['a secret of one letter', () => ({ secrets: { pepper: { current: { id: '1', secret: 'x'.repeat(64) } } } }), /only 1 different bytes/],
    [
      'a previous secret that is weak',
      () => ({ secrets: { pepper: { current: { id: '2', secret: randomBytes(32) }, previous: [{ id: '1', secret: 'short' }] } } }),
      /pepper\.previous\[0\] can be guessed: it has 5 bytes/,
    ],
  ])('names %s', async (_name, config, problem) => {
    const report = await reported(config)
    expect(problemsOf(report)).toEqual([expect.stringMatching(problem)])
    expect(report).toMatchObject({ ok: false, code: 1 })
  })

  test('never shows a secret', async () => {
    const secret = 'a guessable password 123456'
    const report = await reported({ secrets: { pepper: { current: { id: '1', secret } } } })
    expect(JSON.stringify(report)).not.toContain('guessable password')
  })

  test('names a user pool in the wrong region: its keys are not there', async () => {
    const issuer = await issuerWith({ jwksPath: '/eu-west-1_AbCdEfGhI/.well-known/jwks.json' })
    const pool = cognito({ userPoolId: 'us-east-2_AbCdEfGhI', clientId: 'client', endpoint: issuer.url })
    const [first] = problemsOf(await reported({ guard: createGuard({ issuers: { pool } }) }))
    expect(first).toMatch(/issuer pool: https:\/\/cognito-idp\.us-east-2.*cannot be loaded.*us-east-2_AbCdEfGhI.*404/)
  })

  test('names keys that fit no algorithm, and warns of an algorithm without a key', async () => {
    const issuer = await issuerWith({ keys: [testKeys.es256] })
    expect(problemsOf(await reported({ guard: guardOf(issuer.jwksUrl, ['RS256']) }))).toEqual([
      expect.stringMatching(/no key fits RS256; it has: test-es256 ES256/),
    ])
    const { findings } = await reported({ guard: guardOf(issuer.jwksUrl, ['ES256', 'RS256']) })
    expect(findings).toContainEqual({
      part: 'issuer partner',
      level: 'warning',
      message: expect.stringMatching(/no key fits RS256/),
    })
  })

  test('names a clock that differs from that of an issuer', async () => {
    const issuer = await issuerWith()
    const report = await reported({ guard: guardOf(issuer.jwksUrl) }, { now: () => Date.now() - 120_000 })
    expect(problemsOf(report)).toEqual([expect.stringMatching(/clock: the clock of this machine is 1\d\d s behind that of http:\/\/127/)])
  })

  test('passes on that an option is deprecated', async () => {
    const warning = Object.assign(new Error('the option jwksUri is deprecated'), { name: 'DeprecationWarning' })
    const onWarning: CommandContext['onWarning'] = (listener) => {
      listener(warning)
      return () => undefined
    }
    expect((await reported({}, { onWarning })).findings[0]).toEqual({ part: 'deprecated', level: 'warning', message: warning.message })
  })

  test('names a Redis that is dead, and one that is too old', async () => {
    const dead = new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
    dead.on('error', () => undefined)
    expect(problemsOf(await reported({ redis: dead }))).toEqual([expect.stringMatching(/redis: it cannot be reached/)])
    const old = {
      call: async (name: string) =>
        name === 'INFO' ? 'redis_version:5.0.7\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n' : 'OK',
    }
    expect(problemsOf(await reported({ redis: old }))).toEqual(['redis: version 5.0.7: it must be 6.2 or later'])
  })

  test('names a PostgreSQL that does not answer', async () => {
    const pool = new Pool({ host: '127.0.0.1', port: 1, user: 'postgres' })
    ended.push(() => pool.end())
    expect(problemsOf(await reported(defineConfig({ postgres: { pool, schema: 'auth' } })))).toEqual([
      expect.stringMatching(/postgres: it cannot be reached: connect ECONNREFUSED/),
    ])
  })
})

describeWithServers('doctor on Redis', () => {
  async function connected(settings: readonly string[], login: object = {}): Promise<Redis> {
    const server = await startServer(settings)
    ended.push(() => server.remove())
    const client = new Redis({ host: '127.0.0.1', port: server.port, enableReadyCheck: false, retryStrategy: () => null, ...login })
    client.on('error', () => undefined)
    ended.push(() => client.disconnect())
    return client
  }
  const app = { username: 'app', password: 'any' }

  test('says what is good', async () => {
    const report = await reported({ redis: await connected(['appendonly yes']) })
    expect(problemsOf(report)).toEqual([])
    expect(report.findings.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'appendonly yes',
        'maxmemory-policy noeviction',
        'a master with 0 replicas',
        'the user may call what the stores need',
      ]),
    )
  })

  test.each([
    ['a policy that forgets', ['maxmemory 100mb', 'maxmemory-policy allkeys-lru'], {}, /maxmemory-policy is allkeys-lru/],
    ['INFO that is not allowed', ['user app on nopass ~* resetchannels +@all -info'], app, /INFO is not allowed/],
    ['scripts that are not allowed', ['user app on nopass ~* resetchannels +@all -eval'], app, /may not call EVAL/],
    ['a replica', ['replicaof 127.0.0.1 1'], {}, /it is a replica/],
  ])('names %s', async (_name, settings, login, problem) => {
    expect(problemsOf(await reported({ redis: await connected(settings, login) }))).toEqual([expect.stringMatching(problem)])
  })
})
