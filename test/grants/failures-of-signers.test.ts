import type { RateLimits } from '@countersign/grants'
import { testKeys } from '@countersign/testkit'
import { expect, it } from 'vitest'
import { assertionSetup, basic, clientAssertionType } from './assertion-setup.js'

/** A client that signs, and requests from ever other addresses. */
async function start(rateLimits: RateLimits) {
  const suite = assertionSetup({ rateLimits })
  const client = await suite.keyed({ authMethods: ['private_key_jwt'] })
  const send = async (form: Readonly<Record<string, string>>, ip: string, headers: object = {}): Promise<number> => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...form }).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return (await suite.endpoint({ method: 'POST', url: '/token', headers: { ...type, ...headers }, ip, body })).status
  }
  const signed = async (key = testKeys.rs256): Promise<Record<string, string>> => ({
    client_assertion: await suite.jwtOf(client.id, { key, claims: { sub: client.id } }),
    client_assertion_type: clientAssertionType,
  })
  return { ...suite, client, send, signed }
}

it('assertions that strangers sign in the name of a client keep it from nowhere: they cannot be guessed', async () => {
  const { send, signed } = await start({ failuresOfClient: { limit: 10, windowSeconds: 600 } })
  for (let at = 0; at < 50; at += 1) expect(await send(await signed(testKeys.rs256Other), `198.51.100.${at}`)).toBe(401)
  // The client has a new address.
  expect(await send(await signed(), '203.0.113.1')).toBe(200)
})

it('nor do secrets that strangers try at a client that signs', async () => {
  const { send, signed, client } = await start({ failuresOfClient: { limit: 10, windowSeconds: 600 } })
  const statuses: number[] = []
  for (let at = 0; at < 50; at += 1) statuses.push(await send({}, `198.51.100.${at}`, basic(client.id, 'wrong')))
  expect(statuses.filter((status) => status === 429).length).toBe(39)
  expect(await send(await signed(), '203.0.113.1')).toBe(200)
})

it('an address that sends bad assertions is refused before more signatures are looked at', async () => {
  const { send, signed } = await start({ failuresOfAddress: { limit: 10, windowSeconds: 600 } })
  const statuses: number[] = []
  for (let at = 0; at < 20; at += 1) statuses.push(await send(await signed(testKeys.rs256Other), '192.0.2.66'))
  expect(statuses.filter((status) => status === 401).length).toBe(11)
  expect(await send(await signed(), '192.0.2.66')).toBe(429)
  expect(await send(await signed(), '203.0.113.1')).toBe(200)
})
