import { expect, test } from 'vitest'
import { read } from './workspace.js'

interface Entry {
  readonly word: string
  readonly meaning: string
  /** Words that are not used for the concept. */
  readonly not: readonly string[]
  readonly source: string
}

const tables = read('docs/glossary.md')
  .split(/^## /m)
  .slice(1)
  .map((section) => section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| word')))

function entryOf(line: string): Entry {
  const [, word = '', meaning = '', not = '', source = '', ...more] = line.split('|').map((cell) => cell.trim())
  expect(more).toEqual([''])
  return { word, meaning, not: not.split(', ').filter((other) => other !== ''), source }
}

const entries = tables.flat().map(entryOf)
const words = entries.map(({ word }) => word.replaceAll('`', ''))

test('the glossary has each word once, in the order of the alphabet', () => {
  expect(words.length).toBeGreaterThan(40)
  expect(new Set(words).size).toBe(words.length)
  for (const table of tables) {
    const inTable = table.map((line) => entryOf(line).word.replaceAll('`', '').toLowerCase())
    expect(inTable).toEqual([...inTable].sort())
  }
})

test('the glossary says what each word means, in one line that ends, and where it comes from', () => {
  const wrong = entries.filter(({ meaning, source }) => !/^[A-Z].{10,200}\.$/.test(meaning) || !/^(RFC \d{4} §\d+(\.\d+)*)?$/.test(source))
  expect(wrong).toEqual([])
})

test('a word that the glossary rules out is no word of the glossary', () => {
  const taken = entries.flatMap(({ not }) => not).filter((word) => words.includes(word))
  expect(taken).toEqual([])
})
