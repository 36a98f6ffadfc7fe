import { randomBytes } from 'node:crypto'
import { clientCredentials, refreshToken } from '@countersign/grants'
import { expect, it } from 'vitest'
import { basic, setup } from './endpoint-setup.js'
import { outcomes } from './outcomes.js'

it('a client whose owner was deactivated gets nothing, and what it has works again when the owner is back', async () => {
  const inactive = new Set<string>()
  const { ask, register, clients } = setup({
    grants: [clientCredentials(), refreshToken({ secrets: { current: { id: 'r', secret: randomBytes(32) } } })],
    isActive: ({ client }) => client.owner === undefined || !inactive.has(client.owner),
  })
  const refresh = { policy: 'rotating', retryWindowSeconds: 0 } as const
  const client = await register({ owner: 'department-1', refresh })
  const other = await register({ owner: 'department-2', refresh })
  const headers = basic(client.id, client.secret)
  const signIn = (who = headers) => ask({ grant_type: 'client_credentials' }, who)
  const renew = (token: string) => ask({ grant_type: 'refresh_token', refresh_token: token }, headers)
  const token = (await signIn()).body.refresh_token
  inactive.add('department-1')
  const heard = outcomes()
  const refused = [await signIn(), await renew(token), await renew(token)]
  expect(refused.map(({ status, body }) => [status, body.error])).toEqual(Array(3).fill([400, 'invalid_grant']))
  expect((await signIn(basic(other.id, other.secret))).status).toBe(200)
  inactive.clear()
  expect((await renew(token)).status).toBe(200)
  inactive.add('department-3')
  await clients.update(client.id, { owner: 'department-3' })
  expect((await signIn()).body.error).toBe('invalid_grant')
  expect(heard()).toEqual(['inactive_subject', 'inactive_subject', 'inactive_subject', 'issued', 'issued', 'inactive_subject'])
})
