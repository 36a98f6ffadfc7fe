import { memoryStores } from '@countersign/core/memory'
import { refreshToken } from '@countersign/grants'
import { expect, it, vi } from 'vitest'
import { basic, setup } from './endpoint-setup.js'

const secrets = { current: { id: 'r', secret: 'k'.repeat(32) } }
const signIn = 'urn:example:grant-type:sign-in'

it('what a store cannot take back while it is away is taken back when it is there again, also for a public client', async () => {
  const allStores = memoryStores()
  const { rotate, undo } = allStores.families
  const grants = [
    {
      type: signIn,
      validate: async () => ({ ok: true, granted: { ok: true, subject: 's', isPerson: true, scopes: [], audiences: ['a'] } }) as const,
    },
    refreshToken({ secrets }),
  ]
  const { ask, register } = setup({ allStores, grants, now: Date.now, clientOptions: { now: Date.now } })
  const { id: client_id } = await register({
    authMethods: ['none'],
    grants: [signIn, 'refresh_token'],
    refresh: { policy: 'rotating' },
  })
  const { body } = await ask({ grant_type: signIn, client_id })
  const refresh = { grant_type: 'refresh_token', client_id, refresh_token: body.refresh_token }
  const undone = vi.fn<() => void>()
  Object.assign(allStores.families, {
    rotate: async (request: Parameters<typeof rotate>[0]) => {
      await rotate(request)
      throw new Error('the answer is lost')
    },
    undo: async () => {
      undone()
      throw new Error('down')
    },
  })
  expect((await ask(refresh)).status).toBe(503)
  // The store is away for a while.
  await expect.poll(() => undone.mock.calls.length, { timeout: 5_000 }).toBeGreaterThan(2)
  Object.assign(allStores.families, { rotate, undo })
  await expect.poll(async () => (await allStores.families.find(body.refresh_token.split('.')[2] ?? ''))?.generation).toBe(0)
  expect((await ask(refresh)).status).toBe(200)
})

it('a grant whose undo always rejects does not hold up what others take back', async () => {
  const { ask, register } = setup({
    grants: ['urn:example:broken', 'urn:example:good'].map((type) => ({
      type,
      validate: async () =>
        ({
          ok: true,
          commit: async () => Promise.reject(new Error('down')),
          undo: async () => {
            calls.push(type)
            if (type === 'urn:example:broken' || calls.filter((one) => one === type).length < 2) throw new Error('down')
          },
        }) as const,
    })),
  })
  const calls: string[] = []
  const { id, secret } = await register({ grants: ['urn:example:broken', 'urn:example:good'] })
  for (const grant_type of ['urn:example:broken', 'urn:example:good'])
    await expect(ask({ grant_type }, basic(id, secret))).rejects.toThrow('down')
  await expect.poll(() => calls.filter((one) => one === 'urn:example:good').length, { timeout: 5_000 }).toBe(2)
})
