import { recordCodec } from '@countersign/core'
import { expect, it } from 'vitest'

interface Key {
  readonly name: string
  readonly lifetimeSeconds?: number
}
type Policy = { readonly kind: 'none' } | { readonly kind: 'some'; readonly keys: readonly Key[] }

const keys = recordCodec<Key>({ name: 'kid', lifetimeSeconds: 'life' })
const policies = recordCodec<Policy>({ kind: 'policy', keys: ['keys', keys] })

it('members have their stored names in the store, in the same order', () => {
  const policy: Policy = { kind: 'some', keys: [{ lifetimeSeconds: 60, name: 'a' }, { name: 'b' }] }
  const stored = '{"policy":"some","keys":[{"life":60,"kid":"a"},{"kid":"b"}]}'
  expect(JSON.stringify(policies.toRecord(policy))).toBe(stored)
  expect(policies.fromRecord(JSON.parse(stored) as object)).toEqual(policy)
})

it('what a later release wrote survives a change by this one', () => {
  const later = { policy: 'some', keys: [{ kid: 'a', use: 'sig' }], since: 5 }
  const read = policies.fromRecord(later)
  expect(policies.toRecord({ ...read })).toEqual(later)
})

it('an unknown member does not replace a known one that has the same name in the code', () => {
  expect(keys.fromRecord({ kid: 'a', name: 'of a later release' })).toEqual({ name: 'a' })
})

it('what is not a record stays as it is', () => {
  expect(policies.fromRecord({ policy: 'some', keys: [null, 'x', undefined] })).toEqual({ kind: 'some', keys: [null, 'x', undefined] })
  expect(policies.fromRecord(null as unknown as object)).toBe(null)
  expect(JSON.stringify(keys.toRecord({ name: 'a', lifetimeSeconds: undefined as unknown as number }))).toBe('{"kid":"a"}')
})

it('two members cannot have one stored name', () => {
  expect(() => recordCodec<Key>({ name: 'kid', lifetimeSeconds: 'kid' })).toThrow(
    'recordCodec: names must not have a duplicate stored name',
  )
})
