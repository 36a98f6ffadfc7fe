import type { SharedRevocationsOptions } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { start } from './ended-subjects-setup.js'
import { issuer } from './endpoint-setup.js'

describe('a view of revocations that is out of date', () => {
  it.each<[string, Partial<SharedRevocationsOptions>, number]>([
    ['refuse', { onStale: 'refuse' }, 503],
    ['allow', { onStale: 'allow' }, 200],
    ['another choice for our issuer: allow', { onStale: 'refuse', issuers: { [issuer]: 'allow' } }, 200],
    ['another choice for our issuer: refuse', { onStale: 'allow', issuers: { [issuer]: 'refuse' } }, 503],
    ['short tokens', { onStale: 'refuse', issuers: { [issuer]: { allowTokenLifetimeUnderSeconds: 901 } } }, 200],
    ['shorter tokens', { onStale: 'refuse', issuers: { [issuer]: { allowTokenLifetimeUnderSeconds: 900 } } }, 503],
    ['a choice for an entry of a guard', { onStale: 'refuse', issuers: { own: 'allow' } }, 503],
  ])('decides before a token is issued as guards will: %s', async (_what, view, status) => {
    const { ask, headers, clock, stores } = await start({ view: { maxStalenessSeconds: 10, ...view } })
    const down = async (): Promise<never> => Promise.reject(new Error('down'))
    Object.assign(stores.revocations, { since: down, cursor: down })
    clock.advance(60)
    expect((await ask({ grant_type: 'client_credentials' }, headers)).status).toBe(status)
  })
})
