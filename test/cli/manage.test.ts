import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandContext, CountersignConfig } from '@countersign/cli'
import { createAuthorizationServer, memoryStores } from 'countersign'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { command, type Ran } from './command.js'

const issuer = 'https://api.example'
const serverOf = () =>
  createAuthorizationServer({
    issuer,
    stores: memoryStores(),
    masterSecret: { current: { id: '1', secret: randomBytes(32) } },
    grants: ['client_credentials'],
  })

const state: { server: ReturnType<typeof serverOf> } = { server: serverOf() }
const opened = [state.server]
beforeEach(async () => {
  state.server = serverOf()
  opened.push(state.server)
  await state.server.ready()
})
afterAll(() => Promise.all(opened.map((server) => server.close())))

/** The server stays open for what is looked at afterwards. */
const config = (more: CountersignConfig = {}): { config: CountersignConfig } => ({
  config: { server: { ...state.server, close: async () => undefined }, ...more },
})
const run = (args: readonly string[], given: Partial<CommandContext> & { readonly input?: string } = {}): Promise<Ran> =>
  command([...args, '-c', 'command.ts', '--json'], { importModule: async () => config(), ...given })
const json = ({ output, errors }: Ran) => {
  expect(errors).toBe('')
  return JSON.parse(output)
}

describe('clients', () => {
  test('are added, listed, locked and unlocked; a secret is shown once', async () => {
    const added = json(await run(['clients', 'add', 'batch', '--scopes', 'jobs:read']))
    expect(added).toMatchObject({ ok: true, clientId: 'batch', secret: expect.stringMatching(/^cs_/) })
    expect(json(await run(['clients', 'list']))).toEqual([
      { id: 'batch', state: 'active', grants: 'client_credentials', scopes: 'jobs:read', secrets: added.secretId },
    ])
    expect((await run(['clients', 'list'])).output).not.toContain('cs_')
    expect((await run(['clients', 'lock', 'batch'])).code).toBe(0)
    expect((await state.server.clients.find('batch'))?.isLocked).toBe(true)
    expect((await run(['clients', 'unlock', 'batch'])).code).toBe(0)
    expect((await state.server.clients.find('batch'))?.isLocked).toBe(false)
  })

  test('get a second secret, and lose the first', async () => {
    const { secretId } = json(await run(['clients', 'add', 'batch']))
    const second = json(await run(['clients', 'secret', 'add', 'batch', '--title', 'next']))
    expect(second.secret).toMatch(/^cs_/)
    expect((await run(['clients', 'secret', 'revoke', 'batch', secretId])).code).toBe(0)
    expect((await state.server.clients.find('batch'))?.secrets.map(({ id }) => id)).toEqual([second.secretId])
  })

  test('one that is not there ends with 1, one that is there cannot be added', async () => {
    expect(await run(['clients', 'lock', 'nobody'])).toMatchObject({ code: 1, output: expect.stringContaining('"reason": "unknown"') })
    await run(['clients', 'add', 'batch'])
    expect(await run(['clients', 'add', 'batch'])).toMatchObject({ code: 1, output: expect.stringContaining('"reason": "taken"') })
  })

  test.each([
    [['clients', 'add', 'new']],
    [['clients', 'lock', 'batch']],
    [['clients', 'secret', 'add', 'batch']],
    [['keys', 'rotate']],
    [['keys', 'stage']],
    [['revoke', 'subject', 'maria']],
  ])('%s changes nothing with --dry-run', async (args) => {
    await run(['clients', 'add', 'batch'])
    const before = JSON.stringify(
      [
        await state.server.clients.list(),
        await state.server.keys.signing.list(),
        await state.server.stores.revocations.since(undefined, { limit: 10 }),
      ].map((one) => ('records' in one ? one.records : one)),
    )
    expect(json(await run([...args, '--dry-run']))).toMatchObject({ ok: true, dryRun: true })
    const after = JSON.stringify(
      [
        await state.server.clients.list(),
        await state.server.keys.signing.list(),
        await state.server.stores.revocations.since(undefined, { limit: 10 }),
      ].map((one) => ('records' in one ? one.records : one)),
    )
    expect(after).toBe(before)
  })
})

describe('keys', () => {
  test('are listed, staged, activated, retired and revoked', async () => {
    const [first] = json(await run(['keys', 'list']))
    expect(first).toMatchObject({ algorithm: 'ES256', state: 'active' })
    const { kid } = json(await run(['keys', 'stage']))
    const early = await run(['keys', 'activate', kid])
    expect({ code: early.code, ...json(early) }).toMatchObject({
      code: 1,
      ok: false,
      reason: 'too_early',
      safeAt: expect.stringMatching(/^20/),
    })
    expect(json(await run(['keys', 'activate', kid, '--force']))).toMatchObject({ ok: true, kid })
    expect((await run(['keys', 'retire', kid])).code).toBe(1)
    expect(json(await run(['keys', 'revoke', first.kid]))).toMatchObject({ ok: true })
    expect((await state.server.keys.signing.list()).find((key) => key.kid === first.kid)?.state).toBe('revoked')
    expect((await run(['keys', 'activate', 'nobody', '--dry-run'])).code).toBe(1)
  })

  test('a kid may begin with a dash', async () => {
    const kid = '-c'.padEnd(43, 'x')
    expect(json(await run(['keys', 'activate', kid]))).toMatchObject({ ok: false, reason: 'unknown', what: `activate the key "${kid}"` })
  })

  test('rotate makes the next one', async () => {
    expect(json(await run(['keys', 'rotate']))).toMatchObject({ ok: true, activeAt: expect.stringMatching(/^20/) })
    expect(await state.server.keys.signing.list()).toHaveLength(2)
  })
})

describe('revoke', () => {
  const query = {
    issuer,
    kid: undefined,
    thumbprint: undefined,
    jti: undefined,
    subject: undefined,
    clientId: undefined,
    clientKeys: [],
    issuedAt: Math.floor(Date.now() / 1000),
  }

  test('a token of standard input, by its jti', async () => {
    const claims = { iss: issuer, jti: 'one', exp: Math.floor(Date.now() / 1000) + 60 }
    const token = ['{}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.')
    expect(json(await run(['revoke', 'token'], { input: token }))).toMatchObject({ ok: true })
    expect(await state.server.revocations.check({ ...query, jti: 'one' })).toBe('revoked_token')
    expect((await run(['revoke', 'token'], { input: 'opaque' })).code).toBe(2)
  })

  test.each([
    [['subject', 'maria'], { subject: 'maria' }, 'revoked_subject'],
    [['client', 'batch'], { clientId: 'batch' }, 'revoked_client'],
    [['key', 'k1'], { kid: 'k1' }, 'revoked_key'],
  ])('%s of the issuer of the config', async (args, names, reason) => {
    expect((await run(['revoke', ...args])).code).toBe(0)
    expect(await state.server.revocations.check({ ...query, ...names })).toBe(reason)
  })
})

test('integrations get credentials and end', async () => {
  const integrations = state.server.integrations({
    policies: { mayManage: () => true, mayEnroll: () => true },
    settings: { grants: ['client_credentials'], scopes: [] },
  })
  const importModule = async () => config({ integrations })
  const added = json(await run(['integrations', 'add', 'entity-1', '--title', 'Lab'], { importModule }))
  expect(added).toMatchObject({ ok: true, secret: expect.stringMatching(/^cs_/) })
  const credential = json(await run(['integrations', 'credential', 'add', added.clientId], { importModule }))
  expect(json(await run(['integrations', 'list', 'entity-1'], { importModule }))).toMatchObject([
    { clientId: added.clientId, title: 'Lab', state: 'active' },
  ])
  expect((await run(['integrations', 'credential', 'remove', added.clientId, credential.credentialId], { importModule })).code).toBe(0)
  expect((await run(['integrations', 'remove', added.clientId], { importModule })).code).toBe(0)
  expect(await state.server.clients.find(added.clientId)).toBeUndefined()
})

describe('copy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-copy-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('copies, counts what it verified, and goes on where it was interrupted', async () => {
    for (let at = 0; at < 1_200; at += 1)
      await state.server.stores.clients.put({ collection: 'clients', id: `c${at}`, value: '{}', revision: 0 })
    const copyTo = memoryStores()
    const broken = {
      ...copyTo,
      clients: {
        ...copyTo.clients,
        put: (given: Parameters<typeof copyTo.clients.put>[0]) =>
          given.id === 'c900' ? Promise.reject(new Error('the disk is full')) : copyTo.clients.put(given),
      },
    }
    const cursor = join(folder, 'cursor.json')
    const stores = { ...state.server.stores, close: async () => undefined }
    const copied = (to: typeof copyTo) =>
      run(['copy', '--cursor', cursor], {
        importModule: async () => ({ config: { stores, copyTo: { ...to, close: async () => undefined } } }),
      })
    const interrupted = await copied(broken)
    expect(interrupted).toMatchObject({ code: 2, errors: expect.stringContaining('run the same command again') })
    expect(existsSync(cursor)).toBe(true)
    const report = json(await copied(copyTo))
    expect(report).toMatchObject({ ok: true, settled: true, counts: { clients: { read: 1_200 } } })
    expect(await copyTo.clients.get({ collection: 'clients', id: 'c900' })).toBeDefined()
  })

  test('needs stores to copy to', async () => {
    expect(await run(['copy'])).toMatchObject({ code: 2, errors: expect.stringContaining('must export copyTo') })
  })
})

describe('token mint and dev-issuer', () => {
  test.each([[['token', 'mint']], [['dev-issuer']]])('%s refuses in production', async (args) => {
    expect(await command(args, { environment: { NODE_ENV: 'production' } })).toMatchObject({
      code: 2,
      errors: expect.stringContaining('NODE_ENV=production'),
    })
  })
})
