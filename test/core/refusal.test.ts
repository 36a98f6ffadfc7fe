import { isRefusal, isUnavailable, type OutageReason, reasons, refuse, Unavailable } from '@countersign/core'
import { describe, expect, it } from 'vitest'

describe('a refusal', () => {
  const codes = {
    400: ['invalid_request'],
    401: ['invalid_token', 'insufficient_user_authentication', 'invalid_dpop_proof', 'use_dpop_nonce', undefined],
    403: ['insufficient_scope'],
    429: [undefined],
    503: [undefined],
  }

  it.each(reasons)('for %s has a status and a fixed text, and a code where the RFC wants one', (reason) => {
    const { status, code, description } = refuse(reason)
    expect(description).toMatch(/^[A-Z][A-Za-z' ,-]+\.$/)
    expect(codes[status]).toContain(code)
  })

  it('is 503 exactly for what ends in _unavailable', () => {
    expect(reasons.filter((reason) => refuse(reason).status === 503)).toEqual(reasons.filter((reason) => reason.endsWith('_unavailable')))
  })

  it('without an error code is one that no credentials caused', () => {
    const bare = reasons.filter((reason) => refuse(reason).code === undefined && refuse(reason).status === 401)
    expect(bare).toEqual(['no_credentials', 'scheme'])
  })

  it('tells reasons apart that share their public text', () => {
    const ended = ['revoked_key', 'revoked_token', 'revoked_subject', 'revoked_client', 'unprovable'] as const
    expect(new Set(ended.map((reason) => refuse(reason).description)).size).toBe(1)
    expect(new Set(reasons).size).toBe(reasons.length)
    for (const reason of reasons) expect(refuse(reason).reason).toBe(reason)
    const [expired, revoked, unknown, audience] = (['expired', 'revoked_token', 'unknown_issuer', 'audience'] as const).map(
      (reason) => refuse(reason).description,
    )
    expect(new Set([expired, revoked, unknown, audience]).size).toBe(4)
  })

  it('carries what it is given and cannot be changed', () => {
    const refusal = refuse('insufficient_scope', { scopes: ['a'], detail: { received: 'b' } })
    expect(refusal).toMatchObject({ scopes: ['a'], detail: { received: 'b' }, status: 403 })
    expect(Object.isFrozen(refusal)).toBe(true)
    expect(isRefusal(refusal)).toBe(true)
    expect(isRefusal({ ...refusal, description: 'a copy is one too' })).toBe(true)
  })

  it('tells in its detail nothing that forges lines of a log, and not much', () => {
    const received = 'a\r\n\u001b[31mb\u2028c\u202ed\u0000\ud800'
    expect(refuse('algorithm', { detail: { expected: 'é 漢', received } }).detail).toEqual({
      expected: 'é 漢',
      received: 'a???[31mb?c?d??',
    })
    expect(refuse('audience', { detail: { received: 'x'.repeat(500) } }).detail?.received).toHaveLength(200)
  })

  it.each([null, undefined, 'forbidden', {}, { reason: 'forbidden', status: 403 }, JSON.parse(JSON.stringify(refuse('forbidden')))])(
    'is not %j',
    (value) => {
      expect(isRefusal(value)).toBe(false)
      expect(isUnavailable(value)).toBe(false)
    },
  )
})

describe('an outage', () => {
  it.each([
    [undefined, 1],
    [0, 1],
    [-3, 1],
    [0.2, 1],
    [1.1, 2],
    [60, 60],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 1],
  ])('that lasts %s s is retried after %d whole ones', (retryAfterSeconds, whole) => {
    const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
    expect(new Unavailable('store_unavailable', options).retryAfterSeconds).toBe(whole)
  })

  it('is an error with a reason and its cause, and no text of the cause', () => {
    const cause = new Error('connect ECONNREFUSED')
    const outage = new Unavailable('key_source_unavailable' satisfies OutageReason, { cause })
    expect(outage).toBeInstanceOf(Error)
    expect([outage.name, outage.reason, outage.message, outage.cause]).toEqual([
      'Unavailable',
      'key_source_unavailable',
      'key_source_unavailable',
      cause,
    ])
    expect(isUnavailable(outage)).toBe(true)
    expect(isUnavailable(cause)).toBe(false)
    expect('cause' in new Unavailable('store_unavailable')).toBe(false)
  })
})
