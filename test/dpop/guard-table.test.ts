import { memoryStores } from '@countersign/core/memory'
import { createSender, type ReceivedReply } from '@countersign/testkit'
import { requireScopes } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { guardOf, nonceSecrets, tokenOf } from './api-guard.js'
import { aged, dpop, key, replay, rows, seconds } from './guard-rows.js'
import { type Framework, frameworks, refusals, startApi } from './http-setup.js'

const challengesOf = ({ headers }: ReceivedReply): string => [headers['www-authenticate'] ?? []].flat().join('\n')

describe.each(frameworks)('a guard with DPoP on %s', (framework: Framework) => {
  it.each(rows())('$what: $status $reason', async (row) => {
    const api = await startApi(framework, guardOf({ senderConstraint: { dpop: { replay: aged } } }))
    const cnf = 'cnf' in row ? row.cnf : { jkt: key.thumbprint }
    const token = await tokenOf({ cnf })
    const heard = refusals()
    const path = `${row.path ?? '/v1/orders'}?page=1`
    const reply = await createSender(api)({ method: 'POST', path, headers: await row.fields(token) })
    expect(`${reply.status} ${heard[0]?.reason ?? ''}`.trim()).toBe(`${row.status} ${row.reason ?? ''}`.trim())
    if (row.status === 200) {
      const confirmation = cnf === undefined ? {} : { confirmation: { method: 'dpop', thumbprint: key.thumbprint } }
      expect(JSON.parse(reply.body)).toEqual({ subject: 'user-1', ...confirmation })
      return
    }
    const challenges = challengesOf(reply)
    const schemes = [...challenges.matchAll(/(?:^|, |\n)(Bearer|DPoP) /g)].map(([, scheme]) => scheme)
    expect(schemes.join(' ')).toBe(row.schemes)
    expect(challenges).toContain('algs="ES256 EdDSA Ed25519 RS256 PS256"')
    expect(/error="([^"]*)"/.exec(challenges)?.[1]).toBe(row.error)
    expect(reply.headers['cache-control']).toBe('no-store')
  })

  it('a proof that is sent twice is used once', async () => {
    const api = await startApi(framework, guardOf({ senderConstraint: { dpop: { replay: aged } } }))
    const token = await tokenOf({ cnf: { jkt: key.thumbprint } })
    const headers = await dpop(token)
    const heard = refusals()
    const send = createSender(api)
    expect((await send({ method: 'POST', path: '/v1/orders', headers })).status).toBe(200)
    const again = await send({ method: 'POST', path: '/v1/orders', headers })
    expect([again.status, heard[0]?.reason, heard[0]?.cached]).toEqual([401, 'proof_replayed', true])
    expect(challengesOf(again)).toMatch(/^DPoP .*error="invalid_dpop_proof"/)
  })

  it('a scope that is missing is told with the scheme that was used', async () => {
    const api = await startApi(framework, guardOf({ senderConstraint: { dpop: { replay: aged } } }), requireScopes('admin'))
    const token = await tokenOf({ cnf: { jkt: key.thumbprint } })
    const reply = await createSender(api)({ method: 'POST', path: '/v1/orders', headers: await dpop(token) })
    expect(reply.status).toBe(403)
    expect(challengesOf(reply)).toMatch(/^DPoP .*error="insufficient_scope".*scope="admin"/)
  })

  it('an entry that requires binding refuses plain tokens, and offers DPoP alone', async () => {
    for (const senderConstraint of ['required', 'dpop'] as const) {
      const api = await startApi(framework, guardOf({ senderConstraint: { dpop: { replay: aged } } }, { senderConstraint }))
      const heard = refusals()
      const send = createSender(api)
      const plain = await send({ method: 'POST', path: '/v1/orders', headers: [['Authorization', `Bearer ${await tokenOf({})}`]] })
      expect([plain.status, heard[0]?.reason]).toEqual([401, 'confirmation'])
      expect(challengesOf(plain)).toMatch(/^DPoP .*error="invalid_token"/)
      expect(challengesOf(await send({ path: '/v1/orders', headers: [] }))).toMatch(/^DPoP (?!.*Bearer)/)
      const token = await tokenOf({ cnf: { jkt: key.thumbprint } })
      expect((await send({ method: 'POST', path: '/v1/orders', headers: await dpop(token) })).status).toBe(200)
    }
  })

  it('a store that is down is an outage', async () => {
    const down = { ...replay, claim: () => Promise.reject(new Error('connection refused')) }
    const api = await startApi(framework, guardOf({ senderConstraint: { dpop: { replay: down } } }))
    const token = await tokenOf({ cnf: { jkt: key.thumbprint } })
    const heard = refusals()
    const reply = await createSender(api)({ method: 'POST', path: '/v1/orders', headers: await dpop(token) })
    expect([reply.status, heard[0]?.reason, reply.headers['retry-after'], reply.headers['www-authenticate']]).toEqual([
      503,
      'store_unavailable',
      '1',
      undefined,
    ])
  })

  it('a store that is new refuses what it cannot know, where nonces are off', async () => {
    const api = await startApi(framework, guardOf({ senderConstraint: { dpop: { replay: memoryStores().replay } } }))
    const token = await tokenOf({ cnf: { jkt: key.thumbprint } })
    const heard = refusals()
    const reply = await createSender(api)({ method: 'POST', path: '/v1/orders', headers: await dpop(token) })
    expect([reply.status, heard[0]?.reason]).toEqual([401, 'proof_unprovable'])
  })

  it('a nonce is demanded, told to browsers, accepted, and renewed on a good reply', async () => {
    const clock = { offset: 0 }
    const now = (): number => Date.now() + clock.offset
    const senderConstraint = { dpop: { nonce: { secrets: nonceSecrets, lifetimeSeconds: 20 } } }
    const api = await startApi(framework, guardOf({ senderConstraint, now }))
    const send = createSender(api)
    const token = await tokenOf({ cnf: { jkt: key.thumbprint } })
    const heard = refusals()
    const path = '/v1/orders'
    const challenge = await send({ method: 'POST', path, headers: await dpop(token) })
    expect([challenge.status, heard[0]?.reason]).toEqual([401, 'proof_nonce'])
    expect(challengesOf(challenge)).toMatch(/^DPoP .*error="use_dpop_nonce"/)
    expect(challenge.headers['access-control-expose-headers']).toBe('DPoP-Nonce, WWW-Authenticate')
    const nonce = String(challenge.headers['dpop-nonce'])
    // The clock of the client is an hour off.
    const good = await send({ method: 'POST', path, headers: await dpop(token, { claims: { nonce, iat: seconds() - 3600 } }) })
    expect([good.status, good.headers['dpop-nonce']]).toEqual([200, undefined])
    clock.offset = 11_000
    const late = await send({ method: 'POST', path, headers: await dpop(token, { claims: { nonce } }) })
    expect(late.status).toBe(200)
    expect(late.headers['access-control-expose-headers']).toBe('DPoP-Nonce, WWW-Authenticate')
    const next = String(late.headers['dpop-nonce'])
    clock.offset = 22_000
    const old = await send({ method: 'POST', path, headers: await dpop(token, { claims: { nonce } }) })
    expect([old.status, heard[1]?.reason, typeof old.headers['dpop-nonce']]).toEqual([401, 'proof_nonce', 'string'])
    expect((await send({ method: 'POST', path, headers: await dpop(token, { claims: { nonce: next } }) })).status).toBe(200)
  })

  it('a proof with an old nonce gets a new one, also where nonces are not required', async () => {
    const clock = { offset: 0 }
    const now = (): number => Date.now() + clock.offset
    const senderConstraint = { dpop: { replay: aged, nonce: { secrets: nonceSecrets, lifetimeSeconds: 20, required: false } } }
    const send = createSender(await startApi(framework, guardOf({ senderConstraint, now })))
    const token = await tokenOf({ cnf: { jkt: key.thumbprint } })
    const heard = refusals()
    const ask = async (nonce?: string): Promise<ReceivedReply> =>
      send({ method: 'POST', path: '/v1/orders', headers: await dpop(token, { claims: { nonce } }) })
    expect((await ask()).status).toBe(200)
    const foreign = await ask('A'.repeat(30))
    expect([foreign.status, heard[0]?.reason, /error="([^"]*)"/.exec(challengesOf(foreign))?.[1]]).toEqual([
      401,
      'proof_nonce',
      'use_dpop_nonce',
    ])
    const nonce = String(foreign.headers['dpop-nonce'])
    expect((await ask(nonce)).status).toBe(200)
    clock.offset = 21_000
    const old = await ask(nonce)
    expect([old.status, heard[1]?.reason, typeof old.headers['dpop-nonce']]).toEqual([401, 'proof_nonce', 'string'])
  })
})
