import { type Reason, reasons } from '@countersign/core'
import { requireScopes } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { written } from './detail-row.js'
import { detailsOfForm } from './details-of-form.js'
import { detailsOfRules } from './details-of-rules.js'
import { answerTo, bearer, claimsOf, issuer, recorded, replyTo, startGuard, startsAt, tokenOf } from './guard-setup.js'

const table = [...detailsOfForm, ...detailsOfRules]

/** Reasons of requirements in other packages, of one-time tokens, of DPoP proofs, and of outages, which have a cause in place of a detail. */
const ofOthers: readonly Reason[] = [
  'replayed',
  'unknown_nonce',
  'wrong_client',
  'too_many',
  'not_enrolled',
  // Of tokens that only their issuer can read: it says nothing of the why.
  'inactive',
  'introspection_unavailable',
  // Of API keys: nothing of one is in a detail.
  'unknown_credential',
  ...reasons.filter((reason) => reason.startsWith('proof_') || reason.startsWith('certificate_')),
  'key_source_unavailable',
  'store_unavailable',
  'authenticator_unavailable',
]

describe('the detail of a refusal', () => {
  it.each(table)('$reason, for $what, tells $detail', async ({ reason, request, detail, requirements = [], options }) => {
    const { guard } = startGuard(options?.() ?? {})
    const heard = recorded('countersign:refused')
    expect(await answerTo(guard, await request(), ...requirements)).toContain(` ${reason}`)
    expect(heard).toHaveLength(1)
    expect(heard[0]?.reason).toBe(reason)
    expect(heard[0]?.detail).toEqual(detail)
  })

  it('is in the table for every reason that a guard of its own gives', () => {
    const covered = new Set([...table.map(({ reason }) => reason), ...ofOthers])
    expect(reasons.filter((reason) => !covered.has(reason))).toEqual([])
  })

  it('is never in the answer, and holds nothing that says who the token is about', async () => {
    const personal = { sub: 'alice-4711', username: 'alice-4711', email: 'alice-4711@example.test', name: 'alice-4711' }
    for (const { request, requirements = [], options } of table) {
      const { guard } = startGuard(options?.() ?? {})
      const heard = recorded('countersign:refused')
      const sent = await request()
      const { headers, body } = await replyTo(guard, sent, ...requirements)
      const { expected, received } = heard[0]?.detail ?? {}
      const answer = `${JSON.stringify({ ...headers, 'www-authenticate': '' })} ${String(body)}`
      for (const text of [received, expected]) if (text !== undefined && text.length > 4) expect(answer).not.toContain(text)
      await guard.check(typeof sent === 'string' ? bearer(sent) : sent, ...requirements)
    }
    for (const changes of [{ sub: 4711 }, { exp: 'alice-4711' }, { aud: 'other' }, { exp: 1 }, { cnf: 'alice-4711' }]) {
      const { guard } = startGuard()
      const heard = recorded('countersign:refused')
      await guard.check(bearer(await tokenOf({ ...personal, ...changes })))
      expect(JSON.stringify(heard[0]?.detail)).not.toContain('4711')
    }
  })

  it('is bounded, whatever was sent', async () => {
    const { guard } = startGuard()
    const heard = recorded('countersign:refused')
    const long = 'x'.repeat(3000)
    await guard.check(bearer(written(`{"iss":"${issuer}","${long}":9007199254740993}`)))
    await guard.check(bearer(written(`{"iss":"${long}"}`)))
    await guard.check(bearer(await tokenOf({ scope: `${long} ${long}` })), requireScopes('admin'))
    expect(heard).toHaveLength(3)
    for (const { detail } of heard) for (const text of Object.values(detail ?? {})) expect(text.length).toBeLessThanOrEqual(200)
  })
})

describe('an integer that a double cannot hold', () => {
  it.each(['9007199254740992', '9007199254740993', '-9007199254740993', '18446744073709551615', '1e300'])(
    '%s is no subject and no other claim, for it may stand for two',
    async (number) => {
      const { guard } = startGuard()
      const rest = JSON.stringify(claimsOf({ sub: undefined })).slice(1, -1)
      for (const claim of [`"account":${number}`, `"a":{"b":[${number}]}`, `"sub":${number}`, `"exp":${number}`])
        expect(
          await answerTo(
            guard,
            written(`{${claim},${rest}}`.replace(`,"exp":${startsAt + 300}`, claim.startsWith('"exp') ? '' : `,"exp":${startsAt + 300}`)),
          ),
        ).toBe('401 claims')
    },
  )

  it('and one that it can hold is', async () => {
    const { guard } = startGuard()
    for (const account of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.1, 1e15])
      expect(await answerTo(guard, await tokenOf({ account }))).toBe('200 main')
  })
})
