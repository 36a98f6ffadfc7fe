import { isUnavailable, type RevocationQuery } from '@countersign/core'
import { createKeySet, createSigner, importJwk, selectKey } from '@countersign/jwt'
import { createNonces, type NonceRevocations } from '@countersign/nonce'
import { fixedClock, privateKeyOf, publicJwkOf, testKeys } from '@countersign/testkit'
import { createRevocations } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { decoded, issued, issuer, optionsOf, recorded, secretOf, spending, startNonces, startsAt, watched } from './nonce-setup.js'

function start(changes: object = {}) {
  const revocations = createRevocations({ now: fixedClock(startsAt).now })
  return { revocations, ...startNonces({ revocations, ...changes }) }
}

describe('a nonce that was revoked', () => {
  it('with its client is refused, and not spent: it is good again when that is taken back', async () => {
    const { revocations, nonces } = start()
    const token = await issued(nonces, 'client-1')
    const lock = { type: 'client', issuer, clientId: 'client-1' } as const
    revocations.revoke(lock)
    const told = recorded('countersign:nonce')
    expect(await spending(nonces, token)).toBe('401 revoked_client')
    expect(told).toMatchObject([{ action: 'spend', outcome: 'revoked_client' }])
    revocations.reinstate(lock)
    expect(await spending(nonces, token)).toBe('spent')
  })

  it('with one of the credentials that it was obtained with, for ever', async () => {
    const { revocations, nonces } = start()
    const [one, other] = [await issued(nonces, 'c', { credentials: ['k1', 'k2'] }), await issued(nonces, 'c', { credentials: ['k1'] })]
    revocations.revoke({ type: 'client_key', issuer, thumbprint: 'k2' })
    expect([await spending(nonces, one), await spending(nonces, other)]).toEqual(['401 revoked_key', 'spent'])
  })

  it('by its id, or with its subject', async () => {
    const { revocations, nonces } = start()
    const of = (sub: string) => issued(nonces, 'c', { claims: { sub } })
    const [first, second, third] = [await of('ann'), await of('ann'), await of('bob')]
    revocations.revoke({ type: 'jti', issuer, jti: String(decoded(first).claims.jti), expiresAt: startsAt + 300 })
    expect([await spending(nonces, first), await spending(nonces, second)]).toEqual(['401 revoked_token', 'spent'])
    revocations.revoke({ type: 'subject', issuer, subject: 'ann', notBefore: startsAt })
    expect([await spending(nonces, second, 'sms'), await spending(nonces, third)]).toEqual(['401 revoked_subject', 'spent'])
  })

  it('with a key pair, and never with a secret of the same name', async () => {
    const imported = importJwk(publicJwkOf(testKeys.es256))
    if (!imported.ok) throw new Error(imported.reason)
    const set = createKeySet([imported.key])
    const signer = createSigner({ key: privateKeyOf(testKeys.es256), algorithm: 'ES256', kid: testKeys.es256.kid })
    const keys = { find: (query: Parameters<typeof selectKey>[1]) => ({ key: selectKey(set, query), set }) }
    const ofPair = start({ secrets: undefined, algorithm: 'ES256', signer: { current: () => signer }, keys })
    const ofSecret = start({ secrets: { current: secretOf(testKeys.es256.kid) } })
    const outcomes = [ofPair, ofSecret].map(async ({ revocations, nonces }) => {
      const token = await issued(nonces)
      revocations.revoke({ type: 'signing_key', issuer, kid: testKeys.es256.kid })
      return spending(nonces, token)
    })
    expect(await Promise.all(outcomes)).toEqual(['401 revoked_key', 'spent'])
  })

  it('with its subject counts also where only the lasting status has it', async () => {
    const asked: object[] = []
    const subjectNotBefore = async (whose: object): Promise<number> => {
      asked.push(whose)
      return startsAt
    }
    const { nonces } = start({ revocations: { check: () => undefined, subjectNotBefore } })
    expect(await spending(nonces, await issued(nonces, 'c', { claims: { sub: 'ann' } }))).toBe('401 revoked_subject')
    expect(await spending(nonces, await issued(nonces))).toBe('spent')
    expect(asked).toEqual([{ issuer, subject: 'ann' }])
  })
})

const down = async (): Promise<never> => {
  throw new Error('down')
}

const outOfReach: readonly NonceRevocations[] = [{ check: down }, { check: () => undefined, subjectNotBefore: down }]

describe('revocations of nonces', () => {
  it.each(outOfReach)('that cannot be told spend nothing', async (revocations) => {
    const clock = fixedClock(startsAt)
    const store = watched(startNonces().stores.nonces)
    const nonces = createNonces(optionsOf({ store, revocations, now: clock.now }))
    const token = await issued(nonces, 'c', { claims: { sub: 'ann' } })
    await expect(spending(nonces, token)).rejects.toThrow()
    expect(store.asked).toEqual(['remember'])
  })

  it('that are out of reach are an outage', async () => {
    const { nonces } = start({ revocations: { check: () => undefined, subjectNotBefore: down } })
    const token = await issued(nonces, 'c', { claims: { sub: 'ann' } })
    expect(isUnavailable(await spending(nonces, token).catch((error: unknown) => error))).toBe(true)
  })

  it('are asked for what the nonce says of itself', async () => {
    const queries: RevocationQuery[] = []
    const { nonces } = start({ revocations: { check: (query: RevocationQuery) => void queries.push(query) } })
    await spending(nonces, await issued(nonces, 'client-1', { credentials: ['secret:1:a'], claims: { sub: 'ann', client_id: 'client-2' } }))
    expect(queries).toMatchObject([{ issuer, subject: 'ann', clientId: 'client-1', clientKeys: ['secret:1:a'], issuedAt: startsAt }])
  })

  it('add nothing to a nonce where there are none', async () => {
    const { nonces } = startNonces()
    expect(decoded(await issued(nonces, 'c', { credentials: ['k1'] })).claims).not.toHaveProperty('client_credential')
    expect(decoded(await issued(nonces, 'c')).claims).not.toHaveProperty('client_id')
  })

  it('are a view, and credentials are a list of names', async () => {
    expect(() => createNonces(optionsOf({ revocations: {} }))).toThrow(
      'createNonces: revocations must be what createSharedRevocations returns: a view with check(), got an object',
    )
    const { nonces } = start()
    for (const credentials of ['k1', [''], [1], null])
      await expect(issued(nonces, 'c', { credentials })).rejects.toThrow('issue: credentials must be a list of names')
    await expect(issued(nonces, 'c', { claims: { client_credential: 'k1' } })).rejects.toThrow('claims must not have client_credential')
  })
})
