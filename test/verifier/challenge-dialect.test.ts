import { type Dialect, type Reason, Unavailable } from '@countersign/core'
import { optional } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { replyTo, startGuard, tokenOf, withHeader } from './guard-setup.js'

const nothing = { method: 'GET', url: '/', headers: {} }

describe('a dialect', () => {
  it('words the body, and cannot change status, challenge or caching', async () => {
    const heard: Reason[] = []
    const dialect: Dialect = {
      refusal: ({ reason }) => {
        heard.push(reason)
        return {
          headers: {
            'Content-Type': 'application/problem+json',
            'WWW-Authenticate': 'Basic',
            'Cache-Control': 'public',
            'Retry-After': '0',
            'x-own': '1',
          },
          body: '{"title":"no"}',
        }
      },
    }
    const { guard } = startGuard({ dialect })
    expect(await replyTo(guard, nothing)).toEqual({
      status: 401,
      headers: {
        'content-type': 'application/problem+json',
        'x-own': '1',
        'cache-control': 'no-store',
        'www-authenticate': 'Bearer realm="api"',
      },
      body: '{"title":"no"}',
    })
    const outage = await replyTo(guard, await tokenOf(), () => Promise.reject(new Unavailable('store_unavailable')))
    expect(outage.headers).toEqual({
      'content-type': 'application/problem+json',
      'x-own': '1',
      'cache-control': 'no-store',
      'retry-after': '1',
    })
    expect(heard).toEqual(['no_credentials', 'store_unavailable'])
  })

  it('that throws is a fault of ours', async () => {
    const dialect: Dialect = {
      refusal: () => {
        throw new Error('no words')
      },
    }
    const { guard } = startGuard({ dialect })
    await expect(guard.check(nothing)).rejects.toThrow('no words')
    await expect(guard.check(nothing, optional())).resolves.toMatchObject({ anonymous: true })
  })

  it('cannot change a refusal for those who come after', async () => {
    const dialect: Dialect = {
      refusal: (refusal) => {
        Reflect.set(refusal, 'status', 200)
        Reflect.set(refusal, 'description', 'changed')
        return { headers: {}, body: refusal.description }
      },
    }
    const { guard } = startGuard({ dialect })
    for (let round = 0; round < 2; round++) {
      const reply = await replyTo(guard, withHeader('Bearer a b'))
      expect([reply.status, reply.body]).toEqual([400, expect.not.stringContaining('changed')])
    }
  })
})
