import { expect, test } from 'vitest'
import { filesBelow, packages, read, sources } from './workspace.js'

/** The arguments of each error for a wrong argument, as they are written. */
function startUpErrors(text: string): readonly string[] {
  return [...text.matchAll(/new (?:TypeError|RangeError)\(/g)].map((match) => {
    let end = match.index + match[0].length
    for (let depth = 1; depth > 0; end += 1) depth += Number(text[end] === '(') - Number(text[end] === ')')
    return text.slice(match.index, end)
  })
}

test('a start-up error says what must be, or what is unknown, duplicate, missing or impossible', () => {
  const errors = sources.flatMap((path) => startUpErrors(read(path)).map((error) => `${path}: ${error}`))
  const clear = errors.filter((error) => /\b(must|unknown option|duplicate|missing|cannot)\b/.test(error))
  // What remains passes on the message of a caller that says so.
  const unclear = errors.filter((error) => !clear.includes(error) && !/\$\{(message|sentence)\}|answer\.error/.test(error))
  expect(unclear).toEqual([])
  expect(clear.length / errors.length).toBeGreaterThan(0.9)
})

/** Phrases that make a reader stop, and what they hide: a missing verb, or a relative clause without a noun. */
const hardPhrases: readonly RegExp[] = [
  /\bis no (?!longer\b)/i,
  /\bwhatever\b/i,
  /\bwhoever\b/i,
  /\basked for\b/i,
  /\bwhat is asked\b/i,
  /how-manieth/i,
  /nobody['’]s business/i,
  /\bis owed to\b/i,
  /\bwill do as well\b/i,
  /\bas good as none\b/i,
  /\bwhat is none\b/i,
  /\b(?:call|answer|request|step|look|reading) came to\b/i,
]

const documents = [
  ...filesBelow('docs').filter((path) => !path.startsWith('docs/decisions/')),
  ...packages.map(({ folder }) => `${folder}/README.md`),
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
].filter((path) => path.endsWith('.md'))

test.each([
  ['sources', sources],
  ['documents', documents],
])('%s have plain sentences', (_, paths) => {
  const lines = paths.flatMap((path) =>
    read(path)
      .split('\n')
      .map((line, index) => `${path}:${index + 1} ${line.trim()}`),
  )
  expect(lines.filter((line) => hardPhrases.some((phrase) => phrase.test(line)))).toEqual([])
})
