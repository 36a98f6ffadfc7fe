import { memoryStores } from '@countersign/core/memory'
import { refreshToken } from '@countersign/grants'
import { createNonces } from '@countersign/nonce'
import { expect, it, vi } from 'vitest'
import { basic, setup } from './endpoint-setup.js'

const secrets = { current: { id: '1', secret: 's'.repeat(64) } }
const signIn = 'urn:example:grant-type:sign-in'

it('an id that a database has rounded gets no token, and uses no refresh token up', async () => {
  const user: { uid: number } = { uid: 7 }
  const granted = { ok: true, subject: 's', isPerson: true, scopes: [], audiences: ['a'] } as const
  const grants = [{ type: signIn, validate: async () => ({ ok: true, granted }) as const }, refreshToken({ secrets })]
  const { ask, register } = setup({ grants, claims: () => user })
  const { id, secret } = await register({ grants: [signIn, 'refresh_token'], refresh: { policy: 'rotating', retryWindowSeconds: 0 } })
  const { body } = await ask({ grant_type: signIn }, basic(id, secret))
  const refresh = () => ask({ grant_type: 'refresh_token', refresh_token: body.refresh_token }, basic(id, secret))

  // What JavaScript makes of 9007199254740993.
  user.uid = 2 ** 53
  await expect(refresh()).rejects.toThrow(/^signJwt: claims\.uid must be a string, or an integer/)
  user.uid = 2 ** 53 - 1
  expect((await refresh()).status).toBe(200)
})

it('a nonce that could never be spent is not issued', async () => {
  const { nonces: store } = memoryStores()
  const remember = vi.spyOn(store, 'remember')
  const nonces = createNonces({ issuer: 'https://a.example', audience: 'a', lifetimeSeconds: 60, purposes: { login: {} }, secrets, store })
  await expect(nonces.issue({ clientId: 'c', claims: { uid: 2 ** 53 } })).rejects.toThrow(/^signJwt: claims\.uid must be/)
  expect(remember).not.toHaveBeenCalled()
})
