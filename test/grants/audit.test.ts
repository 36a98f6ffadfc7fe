import { randomBytes } from 'node:crypto'
import { onEvent } from '@countersign/core'
import { type AuditRecord, clientCredentials, refreshToken } from '@countersign/grants'
import { describe, expect, it, onTestFinished } from 'vitest'
import { basic, claimsOf, setup } from './endpoint-setup.js'
import { heardEvents } from './outcomes.js'

/** An endpoint whose record can be out of reach. */
async function start() {
  const written: AuditRecord[] = []
  const state = { isDown: false, waiting: [] as (() => void)[], holds: false }
  const write = async (record: AuditRecord): Promise<void> => {
    if (state.isDown) throw new Error('the record is full')
    if (state.holds) await new Promise<void>((resolve) => state.waiting.push(resolve))
    written.push(record)
  }
  const suite = setup({
    audit: { policy: 'required', write },
    grants: [clientCredentials(), refreshToken({ secrets: { current: { id: 'r', secret: randomBytes(32) } } })],
  })
  const client = await suite.register({ refresh: { policy: 'rotating', retryWindowSeconds: 0 } })
  const headers = basic(client.id, client.secret)
  const signIn = () => suite.ask({ grant_type: 'client_credentials' }, headers)
  const refresh = (token: string, more = {}) => suite.ask({ grant_type: 'refresh_token', refresh_token: token, ...more }, headers)
  return { ...suite, client, signIn, refresh, written, state }
}

describe('an audit that is required', () => {
  it('has every token on record before it is out', async () => {
    const { client, signIn, refresh, written } = await start()
    const first = await signIn()
    const second = await refresh(first.body.refresh_token)
    const family = first.body.refresh_token.split('.')[2]
    const [one, two] = [first, second].map(({ body }) => claimsOf(body.access_token).jti)
    expect(written).toEqual([
      { grant: 'client_credentials', clientId: client.id, subject: client.id, jti: one },
      { grant: 'refresh_token', clientId: client.id, subject: client.id, family, jti: two },
    ])
  })

  it('keeps the answer waiting', async () => {
    const { signIn, state } = await start()
    state.holds = true
    const answers: number[] = []
    const asked = signIn().then(({ status }) => answers.push(status))
    await expect.poll(() => state.waiting.length).toBe(1)
    expect(answers).toEqual([])
    state.waiting[0]?.()
    await asked
    expect(answers).toEqual([200])
  })

  it('that cannot be written is 503 without a token, and nothing was begun or used up', async () => {
    const { stores, signIn, refresh, state } = await start()
    const token = (await signIn()).body.refresh_token
    const begun: unknown[] = []
    const { create } = stores.families
    const note: typeof create = async (family) => {
      begun.push(family)
      return create(family)
    }
    Object.assign(stores.families, { create: note })
    const events = heardEvents()
    state.isDown = true
    for (const ask of [signIn, () => refresh(token), () => refresh(token)]) {
      const { status, headers, body } = await ask()
      expect([status, headers['retry-after'], body.access_token, body.refresh_token]).toEqual([503, '1', undefined, undefined])
    }
    expect(events.map(({ outcome, cause }) => [outcome, String(cause)])).toEqual(
      Array(3).fill(['unavailable', 'Error: the record is full']),
    )
    expect(begun).toEqual([])
    state.isDown = false
    expect((await refresh(token)).status).toBe(200)
  })

  it('has nothing of requests that are refused', async () => {
    const { client, signIn, refresh, ask, written } = await start()
    const token = (await signIn()).body.refresh_token
    const child = (await refresh(token)).body.refresh_token
    const before = written.length
    await ask({ grant_type: 'client_credentials' }, basic(client.id, 'wrong'))
    await refresh(child, { scope: 'admin' })
    await refresh('r1.r.x.0.y')
    await refresh(token)
    expect(written.length - before).toBeLessThanOrEqual(1)
    expect((await refresh(child)).body.error).toBe('invalid_grant')
  })
})

it('without it, listeners that throw or never end keep nobody waiting', async () => {
  const { ask, register } = setup()
  const { id, secret } = await register()
  const warned = new Promise((resolve) => process.once('warning', resolve))
  onTestFinished(onEvent('countersign:token', () => Promise.reject(new Error('the log is full'))))
  onTestFinished(onEvent('countersign:token', () => void new Promise(() => undefined)))
  expect((await ask({ grant_type: 'client_credentials' }, basic(id, secret))).status).toBe(200)
  expect(await warned).toMatchObject({ message: 'the log is full' })
})

it('an audit that is none is a TypeError', () => {
  for (const audit of [{ policy: 'required' }, { policy: 'wanted', write: () => undefined }, 'required', () => undefined])
    expect(() => setup({ audit: audit as never })).toThrow(TypeError)
})
