import { readProof } from '@countersign/jwt/dpop'
import { expect, it } from 'vitest'

const read = (headers: Record<string, string | string[]>, rawHeaders?: string[]): string => {
  const answer = readProof({ headers, rawHeaders })
  return answer.ok ? answer.proof : answer.refusal.reason
}

it('one field is read, in every spelling', () => {
  expect(read({ dpop: 'a.b.c' })).toBe('a.b.c')
  expect(read({ DPoP: ' a.b.c ' })).toBe('a.b.c')
  expect(read({ dpop: 'a.b.c' }, ['DPoP', 'a.b.c', 'Host', 'DPoP'])).toBe('a.b.c')
})

it('none is told apart from several', () => {
  expect(read({})).toBe('proof_missing')
  expect(read({ dpop: 'a.b.c, a.b.c' })).toBe('proof_repeated')
  expect(read({ dpop: ['a.b.c', 'a.b.c'] })).toBe('proof_repeated')
  expect(read({ dpop: 'a.b.c', DPoP: 'a.b.c' })).toBe('proof_repeated')
  expect(read({ dpop: 'a.b.c' }, ['DPoP', 'a.b.c', 'dpop', ''])).toBe('proof_repeated')
  expect(read({ dpop: '' }, ['DPoP', '', 'dpop', ''])).toBe('proof_repeated')
})

it('an empty field is a proof that is none, and not the lack of one', () => {
  for (const empty of ['', ' ', ' \t ']) {
    expect(read({ dpop: empty })).toBe('proof_malformed')
    expect(read({ dpop: empty }, ['DPoP', empty])).toBe('proof_malformed')
  }
  expect(read({ dpop: [''] })).toBe('proof_malformed')
})
