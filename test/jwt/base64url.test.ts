import { decodeBase64url } from '@countersign/jwt'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { slowDecode } from './slow-reference.js'

const runs = Number(process.env.FUZZ_RUNS ?? 5000)
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')
const nearMisses = [
  '+',
  '/',
  '=',
  '.',
  ' ',
  '\n',
  '\t',
  '\0',
  '%',
  '~',
  '@',
  '[',
  '`',
  '{',
  '\u0080',
  'é',
  '\u0141',
  '\u2028',
  '\ud800',
  '😀',
]

const character = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(...alphabet) },
  { weight: 1, arbitrary: fc.constantFrom(...nearMisses) },
)
const text = fc.array(character, { maxLength: 40 }).map((characters) => characters.join(''))

describe('base64url without padding (RFC 7515 §2)', () => {
  test('the decoder agrees with a slow one on every text', () => {
    let decoded = 0
    let refused = 0
    fc.assert(
      fc.property(text, (one) => {
        const bytes = decodeBase64url(one)
        expect(bytes && [...bytes]).toEqual(slowDecode(one))
        if (bytes) decoded++
        else refused++
      }),
      { numRuns: runs, seed: 7515 },
    )
    // A run that met only one kind would prove nothing.
    expect(Math.min(decoded, refused)).toBeGreaterThan(runs / 20)
  })

  test('what is encoded decodes to itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeBase64url(Buffer.from(bytes).toString('base64url'))?.equals(bytes)).toBe(true)
      }),
    )
  })

  test('of all one- to three-character tails exactly the canonical ones are taken', () => {
    for (const first of alphabet) {
      expect(decodeBase64url(first)).toBeUndefined()
      for (const second of alphabet) {
        expect(decodeBase64url(first + second) !== undefined).toBe('AQgw'.includes(second))
        expect(decodeBase64url(`A${first}${second}`) !== undefined).toBe(alphabet.indexOf(second) % 4 === 0)
      }
    }
  })

  test.each([
    ['padding', 'QQ=='],
    ['the other alphabet', '+/+/'],
    ['white space', 'QUJD\n'],
    ['a code unit whose low byte is a letter', 'QUJ\u0144'],
    ['an unpaired surrogate', 'QUJ\ud800'],
    ['a number', 1234],
    ['nothing', undefined],
  ])('%s is not base64url', (_, input) => {
    expect(decodeBase64url(input)).toBeUndefined()
  })

  test('the empty text stands for no bytes', () => {
    expect(decodeBase64url('')?.length).toBe(0)
  })
})
