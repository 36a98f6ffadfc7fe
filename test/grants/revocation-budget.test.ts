import { expect, it } from 'vitest'
import { issuer } from './endpoint-setup.js'
import { start, statusEvents } from './token-status-setup.js'

const entriesOfClient = { limit: 3, windowSeconds: 60 }

it('a client that used up its entries gets 503 with Retry-After, and its token stays alive until it is presented again', async () => {
  const { register, signIn, revoke, admits, stores, clock } = start({ revocation: { entriesOfClient } })
  const events = statusEvents('countersign:token-revocation')
  const [client, other] = [await register(), await register()]
  const tokens = []
  for (let n = 0; n < 4; n += 1) tokens.push((await signIn(client)).access)
  const foreign = (await signIn(other)).access
  const answers = []
  for (const token of tokens) answers.push(await revoke({ token }, client.headers))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 503])
  expect(answers[3]?.headers).toMatchObject({ 'retry-after': '60' })
  expect(events.at(-1)).toMatchObject({ outcome: 'unavailable', cause: expect.any(Error) })
  expect(await Promise.all(tokens.map(admits))).toEqual(['revoked_token', 'revoked_token', 'revoked_token', 'admitted'])
  expect((await revoke({ token: foreign }, other.headers)).status).toBe(200)
  expect((await stores.revocations.since(undefined)).records.map(({ entry }) => entry.type)).toEqual(['jti', 'jti', 'jti', 'jti'])
  clock.advance(61)
  expect((await revoke({ token: tokens[3] ?? '' }, client.headers)).status).toBe(200)
  expect(await admits(tokens[3] ?? '')).toBe('revoked_token')
})

it('a family costs one entry with all access tokens of it, and what has ended costs nothing', async () => {
  const { register, signIn, refresh, revoke, stores } = start({ revocation: { entriesOfClient } })
  const client = await register()
  for (let family = 0; family < 3; family += 1) {
    const first = await signIn(client)
    const second = (await refresh(client, first.refresh)).body
    for (const token of [second.refresh_token, first.refresh, first.access, second.access_token, second.access_token])
      expect((await revoke({ token }, client.headers)).status).toBe(200)
  }
  expect((await stores.revocations.since(undefined)).records.map(({ entry }) => [entry.type, entry.issuer])).toEqual(
    Array.from({ length: 3 }, () => ['family', issuer]),
  )
  const { access, refresh: token } = await signIn(client)
  for (const one of [token, access]) expect((await revoke({ token: one }, client.headers)).status).toBe(503)
  expect((await refresh(client, token)).status).toBe(200)
})
