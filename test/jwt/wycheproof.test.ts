import { describe, expect, test } from 'vitest'
import { isGood, readVectors, type VectorKey, vectorFolder } from './vectors.js'

interface Vector {
  readonly tcId: number
  readonly jws?: string
  readonly result: 'valid' | 'invalid'
}
interface Group {
  readonly public?: VectorKey
  readonly private: VectorKey
  readonly tests: readonly Vector[]
}

/** Vectors whose label is not what happens here, by file and number, and why. */
const exceptions: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  json_web_signature_test: {
    259: 'the payload is empty, so there are no claims',
    264: 'the payload is empty, so there are no claims',
    268: 'the payload is empty, so there are no claims',
    272: 'the payload is empty, so there are no claims',
    320: 'the payload is empty, so there are no claims',
    325: 'the payload is empty, so there are no claims',
    346: 'labelled valid: PS384 with a key that says PS256',
    347: 'labelled valid: the key says ES521, which is no algorithm',
    350: 'labelled valid: PS384 with a key that says PS256',
    351: 'labelled valid: the key says ES521, which is no algorithm',
    367: 'labelled invalid: equal to the valid vector 357',
    370: 'labelled invalid: equal to the valid vector 357',
    372: 'labelled valid: a question mark in the header segment',
    373: 'labelled valid: a question mark in the payload segment',
  },
  json_web_key_test: {
    4: 'labelled invalid for a kid that two keys share: one of them is no base64url and left out, so the other is alone',
  },
  json_web_crypto_test: {},
}

describe.skipIf(vectorFolder === undefined)('Project Wycheproof (JOSE_VECTORS names the folder; skipped without)', () => {
  test.each([
    ['json_web_signature_test', 401],
    ['json_web_key_test', 26],
    ['json_web_crypto_test', 49],
  ])('%s: all %d compact signatures have the verdict of their label, except those that are listed', (file, count) => {
    const { testGroups } = readVectors('wycheproof', `${file}.json`) as { testGroups: readonly Group[] }
    const vectors = testGroups.flatMap((group) => group.tests.map((vector) => ({ vector, key: group.public ?? group.private })))
    const signatures = vectors.filter(({ vector }) => vector.jws !== undefined)
    const differing = signatures.filter(({ vector, key }) => isGood(String(vector.jws), key) !== (vector.result === 'valid'))
    expect(differing.map(({ vector }) => vector.tcId)).toEqual(Object.keys(exceptions[file] ?? {}).map(Number))
    expect(signatures).toHaveLength(count)
  })
})
