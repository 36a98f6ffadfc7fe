import { memoryStores } from '@countersign/core/memory'
import { createSharedRevocations, type SharedRevocationsOptions } from '@countersign/verifier'
import { expect, it } from 'vitest'

const store = memoryStores().revocations
const right: SharedRevocationsOptions = { store, maxStalenessSeconds: 5, onStale: 'refuse' }

it.each<[string, unknown]>([
  ['no options', undefined],
  ['no store', { ...right, store: undefined }],
  ['all stores instead of the one for revocations', { ...right, store: memoryStores() }],
  ...(['revoke', 'since', 'cursor', 'compare', 'subscribe'] as const).map((method): [string, unknown] => [
    `a store without ${method}`,
    { ...right, store: { ...store, [method]: undefined } },
  ]),
  ['no maxStalenessSeconds', { ...right, maxStalenessSeconds: undefined }],
  ['a maxStalenessSeconds of 0', { ...right, maxStalenessSeconds: 0 }],
  ['a maxStalenessSeconds without end', { ...right, maxStalenessSeconds: Number.POSITIVE_INFINITY }],
  ['a maxStalenessSeconds that is no number', { ...right, maxStalenessSeconds: '5' }],
  ['a view that is stale before the next poll', { ...right, pollSeconds: 5 }],
  ['a pollSeconds of 0', { ...right, pollSeconds: 0 }],
  ['a negative pollSeconds', { ...right, pollSeconds: -1 }],
  ['a pollSeconds that is no number', { ...right, pollSeconds: Number.NaN }],
  ['a pollSeconds that no timer can wait', { ...right, maxStalenessSeconds: 1e9, pollSeconds: 1e8 }],
  ['a maxTokenLifetimeSeconds that is no number', { ...right, maxTokenLifetimeSeconds: Number.NaN }],
  ['a maxTokenLifetimeSeconds of 0', { ...right, maxTokenLifetimeSeconds: 0 }],
  ['no onStale', { ...right, onStale: undefined }],
  ['an onStale of null', { ...right, onStale: null }],
  ['an unknown onStale', { ...right, onStale: 'deny' }],
  ['an onStale without its seconds', { ...right, onStale: {} }],
  ['an onStale whose seconds allow nothing', { ...right, onStale: { allowTokenLifetimeUnderSeconds: 0 } }],
  ['an onStale whose seconds allow everything', { ...right, onStale: { allowTokenLifetimeUnderSeconds: Number.POSITIVE_INFINITY } }],
  ['an unknown choice for an issuer', { ...right, issuers: { main: 'pass' } }],
  ['no choice for an issuer', { ...right, issuers: { main: undefined } }],
  ['issuers that are no record', { ...right, issuers: 'main' }],
  ['issuers of null', { ...right, issuers: null }],
  ['a misspelt consistency', { ...right, consistency: 'Strong' }],
  ['a misspelt onUnknownPast', { ...right, onUnknownPast: 'Refuse' }],
  ['a clock that is no function', { ...right, now: 0 }],
  ['a random that is no function', { ...right, random: 4 }],
])('%s is a TypeError at start-up', (_what, options) => {
  expect(() => createSharedRevocations(options as SharedRevocationsOptions)).toThrow(TypeError)
})

it('every choice that there is starts', async () => {
  const life = { allowTokenLifetimeUnderSeconds: 300 }
  for (const onStale of ['refuse', 'allow', life] as const) {
    for (const consistency of ['eventual', 'strong'] as const) {
      for (const onUnknownPast of ['refuse', 'allow'] as const) {
        const view = createSharedRevocations({ ...right, onStale, consistency, onUnknownPast, issuers: { main: life, other: 'allow' } })
        expect(await view.ready()).toEqual({ ok: true, parts: { revocations: { ok: true } } })
        await view.close()
      }
    }
  }
})
