import { memoryStores } from '@countersign/core/memory'
import { refreshToken } from '@countersign/grants'
import { expect, it } from 'vitest'
import { setup } from './endpoint-setup.js'

const signIn = 'urn:example:grant-type:sign-in'

it('an answer 503 does not wait for a store that hangs', async () => {
  const allStores = memoryStores()
  const grants = [
    {
      type: signIn,
      validate: async () => ({ ok: true, granted: { ok: true, subject: 's', isPerson: true, scopes: [], audiences: ['a'] } }) as const,
    },
    refreshToken({ secrets: { current: { id: 'r', secret: 'k'.repeat(32) } } }),
  ]
  const { ask, register } = setup({ allStores, grants, now: Date.now, clientOptions: { now: Date.now } })
  const { id: client_id } = await register({ authMethods: ['none'], grants: [signIn, 'refresh_token'], refresh: { policy: 'rotating' } })
  const { body } = await ask({ grant_type: signIn, client_id })
  Object.assign(allStores.families, {
    rotate: async () => {
      throw new Error('down')
    },
    undo: () => new Promise(() => undefined),
  })
  const from = performance.now()
  expect((await ask({ grant_type: 'refresh_token', client_id, refresh_token: body.refresh_token })).status).toBe(503)
  expect(performance.now() - from).toBeLessThan(2_000)
})
