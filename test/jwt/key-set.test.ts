import { generateKeyPairSync } from 'node:crypto'
import type { Algorithm, VerificationKey } from '@countersign/core'
import { createKeySet, importJwk, importPublicKey, importSecret, type KeyImport, selectKey } from '@countersign/jwt'
import { describe, expect, test } from 'vitest'
import { jwkFor, sampleSecret } from './sample-keys.js'

function taken(outcome: KeyImport): VerificationKey {
  if (!outcome.ok) throw new Error(outcome.reason)
  return outcome.key
}

const es256 = (kid?: string): VerificationKey => taken(importJwk({ ...jwkFor('ES256'), ...(kid === undefined ? {} : { kid }) }))
const other = (kid?: string): VerificationKey =>
  taken(importPublicKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, kid === undefined ? {} : { kid }))
const query = (kid: string | undefined, algorithm: Algorithm = 'ES256') => ({ kid, algorithm })

describe('choosing a key', () => {
  test('a kid means only the key of that name', () => {
    const [a, b] = [es256('a'), other('b')]
    const set = createKeySet([a, b])
    expect(selectKey(set, query('a'))).toBe(a)
    expect(selectKey(set, query('b'))).toBe(b)
    expect(selectKey(set, query('c'))).toBeUndefined()
    expect(selectKey(set, query('A'))).toBeUndefined()
  })

  test('a key without a name is not what a kid means', () => {
    expect(selectKey(createKeySet([es256()]), query('a'))).toBeUndefined()
  })

  test('without a kid the only key that fits is taken', () => {
    const [ec, rsa] = [es256('a'), taken(importJwk({ ...jwkFor('RS256'), kid: 'b' }))]
    const set = createKeySet([rsa, ec])
    expect(selectKey(set, query(undefined))).toBe(ec)
    expect(selectKey(set, query(undefined, 'RS256'))).toBe(rsa)
    expect(selectKey(set, query(undefined, 'PS512'))).toBe(rsa)
    expect(selectKey(set, query(undefined, 'EdDSA'))).toBeUndefined()
  })

  test('without a kid two keys that fit are none', () => {
    expect(selectKey(createKeySet([es256('a'), other('b')]), query(undefined))).toBeUndefined()
    expect(selectKey(createKeySet([es256(), other()]), query(undefined))).toBeUndefined()
  })

  test('two different keys under one kid are none, three neither', () => {
    expect(selectKey(createKeySet([es256('a'), other('a')]), query('a'))).toBeUndefined()
    expect(selectKey(createKeySet([es256('a'), other('a'), other('a')]), query('a'))).toBeUndefined()
  })

  test('one key that is listed twice is one key', () => {
    const set = createKeySet([es256('a'), es256('a')])
    expect(selectKey(set, query('a'))?.kid).toBe('a')
    expect(selectKey(set, query(undefined))?.kid).toBe('a')
  })

  test('two keys under one kid for different algorithms do not stand in each other’s way', () => {
    const [ec, rsa] = [es256('a'), taken(importJwk({ ...jwkFor('RS256'), kid: 'a' }))]
    const set = createKeySet([ec, rsa])
    expect(selectKey(set, query('a'))).toBe(ec)
    expect(selectKey(set, query('a', 'RS256'))).toBe(rsa)
  })

  test('a key narrowed to one algorithm is not found for another', () => {
    const set = createKeySet([taken(importJwk({ ...jwkFor('RS256'), alg: 'RS256', kid: 'a' }))])
    expect(selectKey(set, query('a', 'RS256'))).toBeDefined()
    expect(selectKey(set, query('a', 'PS256'))).toBeUndefined()
  })

  test('a secret is found for its own algorithms alone, and a public key never for HMAC', () => {
    const set = createKeySet([taken(importSecret(sampleSecret, { kid: 's', algorithms: ['HS512'] })), es256('a')])
    expect(selectKey(set, query('s', 'HS512'))?.kid).toBe('s')
    expect(selectKey(set, query('s', 'HS256'))).toBeUndefined()
    expect(selectKey(set, query('a', 'HS256'))).toBeUndefined()
  })

  test('a set that was put together by hand, and a copy with fewer keys, are searched as they are', () => {
    const [a, b] = [es256('a'), other('b')]
    expect(selectKey({ keys: [a, b] }, query('b'))).toBe(b)
    expect(selectKey({ ...createKeySet([a, b]), keys: [a] }, query('b'))).toBeUndefined()
  })

  test('a set does not change with the list that it was made of', () => {
    const keys = [es256('a')]
    const set = createKeySet(keys)
    keys.length = 0
    expect(selectKey(set, query('a'))?.kid).toBe('a')
    expect(set.keys).toHaveLength(1)
    expect(Object.isFrozen(set) && Object.isFrozen(set.keys)).toBe(true)
  })
})
