import { clientCredentials } from '@countersign/grants'
import { expect, it } from 'vitest'
import { assertionSetup, clientAssertionType } from './assertion-setup.js'

it('the keys of a client that is removed end: whoever gets its id later is somebody else', async () => {
  const { keyed, jwtOf, outcomeOf, clients, registry } = assertionSetup({ grants: [clientCredentials()] })
  const { id } = await keyed({ authMethods: ['private_key_jwt'] })
  const asked = async () =>
    outcomeOf({
      grant_type: 'client_credentials',
      client_assertion: await jwtOf(id, { claims: { sub: id } }),
      client_assertion_type: clientAssertionType,
    })
  expect(await asked()).toBe('200')
  expect(await clients.remove(id)).toBe(true)
  await clients.register({ id, authMethods: ['private_key_jwt'], grants: ['client_credentials'] })
  expect(await asked()).toBe('401 invalid_client assertion_key_retired')
  expect((await registry.clientKeys.list(id)).map(({ state }) => state)).toEqual(['retired'])
})
