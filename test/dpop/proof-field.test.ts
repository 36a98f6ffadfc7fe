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
  expect(read({ dpop: '' })).toBe('proof_missing')
  expect(read({ dpop: 'a.b.c, a.b.c' })).toBe('proof_repeated')
  expect(read({ dpop: ['a.b.c', 'a.b.c'] })).toBe('proof_repeated')
  expect(read({ dpop: 'a.b.c', DPoP: 'a.b.c' })).toBe('proof_repeated')
  expect(read({ dpop: 'a.b.c' }, ['DPoP', 'a.b.c', 'dpop', ''])).toBe('proof_repeated')
})
