import { describe, expect, it } from 'vitest'
import { brokenPromises, holds, isAnswer, promisesIn, resembles } from './output.js'
import { blocksIn } from './pages.js'
import { roleOf } from './roles.js'

const page = (...lines: readonly string[]): string => lines.join('\n')

describe('the blocks of a page', () => {
  it('are found with their language, marks and line, in lists and quotes too', () => {
    const text = page(
      '# A',
      '```ts',
      'a()',
      '```',
      '1. b',
      '   ```sh elsewhere',
      '   npm install b',
      '   ```',
      '> ~~~json file c.json',
      '> {}',
      '> ~~~',
    )
    expect(blocksIn('docs/a.md', text)).toEqual([
      { page: 'docs/a.md', line: 2, language: 'ts', marks: [], code: 'a()\n' },
      { page: 'docs/a.md', line: 6, language: 'sh', marks: ['elsewhere'], code: 'npm install b\n' },
      { page: 'docs/a.md', line: 9, language: 'json', marks: ['file', 'c.json'], code: '{}\n' },
    ])
  })

  it('may hold fences that are shorter', () => {
    expect(blocksIn('a.md', page('````ts', '```', '````')).map(({ code }) => code)).toEqual(['```\n'])
  })

  it.each(['```', '```rust', '```ts fragmnet', '```ts fragment more', '```json', '```json file', '```constructor', '```ts constructor'])(
    'are an error where nobody knows how to run them: %s',
    (fence) => {
      const [block] = blocksIn('docs/a.md', page(fence, 'x', '```'))
      expect(() => block && roleOf(block)).toThrow(/^docs\/a\.md:1: the block must/)
    },
  )
})

describe('what a page promises', () => {
  it('is read behind the arrow of a comment', () => {
    expect(promisesIn("console.log(a) // → 401 expired\nb() // no → promise\nc('// → x') // → y", '//')).toEqual(['401 expired', 'y'])
    expect(promisesIn('curl a     # → 200 {"a":"…"}\ncurl b # two', '#')).toEqual(['200 {"a":"…"}'])
  })

  it('is kept in order, and not otherwise', () => {
    expect(brokenPromises(['a', 'c'], ['a 1', 'b', 'c'])).toEqual([])
    expect(brokenPromises(['c', 'a'], ['a', 'b', 'c'])).toEqual(['a'])
    expect(brokenPromises(['a', 'a'], ['a'])).toEqual(['a'])
  })

  it('may leave something out', () => {
    expect(holds('200 {"token":"eyJx","expires_in":900}', '200 {"token":"eyJ…","expires_in":900}')).toBe(true)
    expect(holds('200 {"token":"eyJx","expires_in":60}', '200 {"token":"eyJ…","expires_in":900}')).toBe(false)
  })

  it('of an answer begins with its status', () => {
    expect(isAnswer('403 {"error":"x"}', '403')).toBe(true)
    expect(isAnswer('201 {"client_id":"1f403d"}', '403')).toBe(false)
    expect(isAnswer('200 {"token":"eyJx"}', '200 {"token":"eyJ…"}')).toBe(true)
    expect(isAnswer('403 {"error":"x"}', '…{"error":"x"}')).toBe(true)
  })

  it('of an answer is its members, no more and no less', () => {
    const example = { token: 'eyJ…', expires_in: 900, sites: ['306'] }
    expect(resembles({ token: 'eyJx', expires_in: 899, sites: ['306'] }, example)).toBe(true)
    expect(resembles({ token: 'eyJx', expires_in: 899, sites: ['306'], more: 1 }, example)).toBe(false)
    expect(resembles({ token: 'eyJx', expires_in: 899 }, example)).toBe(false)
    expect(resembles({ token: 'x', expires_in: 899, sites: ['306'] }, example)).toBe(false)
    expect(resembles({ token: 'eyJx', expires_in: '899', sites: ['306'] }, example)).toBe(false)
  })
})
