import { expect, test } from 'vitest'
import { optionObjects } from '../options/option-types.js'
import { passedOn } from './exports.js'
import { packages, read } from './workspace.js'

/** Words that the glossary rules out, from its third column. */
const ruledOut: readonly string[] = read('docs/glossary.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| word'))
  .flatMap((line) => (line.split('|')[3] ?? '').split(',').map((word) => word.trim()))
  .filter((word) => word !== '')

/** Names in which such a word means something else. */
const others: Readonly<Record<string, readonly RegExp[]>> = {
  // a thing that is given back
  answer: [/Answer$/, /^(answerChallenge|AnswerStep|answerFrom|answerSends)$/],
  // Unix time
  epoch: [/EpochSeconds$/],
  // of a fake of Cognito, which has failures on demand
  failure: [/^FakeCognitoFailure$/],
  // the app that uses the packages; the address of a server
  host: [/^[hH]ostUsers?(Options)?$/, /^host$/],
  // as Standard Schema calls what is wrong with values
  issues: [/^issues$/],
  // the name of the entry for the tokens of this very server
  own: [/^own$/, /^WithOwn$/, /^hasOwn$/],
  // keys of any kind
  keys: [/./],
  memory: [/^[mM]emoryStores(Options)?$/],
  // of HTTP, as express-unless calls them
  methods: [/^authMethods$/, /^methods$/],
  once: [/AtOnce$/],
  // of an HTTP reply
  status: [/[sS]tatus$/, /^TokenStatusEvent$/],
  ttl: [/^ttlMs$/],
}

const partsOf = (name: string): string =>
  ` ${name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[ _:-]/)
    .join(' ')} `

function wordsIn(name: string): readonly string[] {
  return ruledOut.filter((word) => partsOf(name).includes(partsOf(word)) && !others[word]?.some((pattern) => pattern.test(name)))
}

const entries = packages.flatMap(({ folder, manifest }) =>
  Object.values(manifest.exports ?? {}).flatMap((entry) => {
    const source = entry['@countersign/source']
    return source?.endsWith('.ts') ? [`${folder}/${source.slice(2)}`] : []
  }),
)

test('exported names have the words of the glossary', () => {
  const names = entries.flatMap((entry) => passedOn(entry).map(({ name }) => name))
  expect(names.length).toBeGreaterThan(300)
  const wrong = [...new Set(names)].flatMap((name) => wordsIn(name).map((word) => `${name}: ${word}`))
  expect(wrong).toEqual([])
})

test('names of options have the words of the glossary', () => {
  const names = optionObjects().flatMap(({ name, members }) => members.map((member) => ({ of: name, name: member.name })))
  expect(names.length).toBeGreaterThan(300)
  const wrong = names.flatMap(({ of, name }) => wordsIn(name).map((word) => `${of} ${name}: ${word}`))
  expect([...new Set(wrong)]).toEqual([])
})

test('a word that is ruled out is found in a name', () => {
  expect(wordsIn('endOfChain')).toEqual(expect.arrayContaining(['chain']))
  expect(wordsIn('accessTokenSeconds')).toEqual(expect.arrayContaining(['accessTokenSeconds']))
  expect(wordsIn('keepForMs')).toEqual(['keepFor'])
})
