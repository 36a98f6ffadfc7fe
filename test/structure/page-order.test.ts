import { expect, test } from 'vitest'
import { filesBelow, packages, read } from './workspace.js'

/** What a reader looks for, in the order in which it is needed. */
const order = ['What it is for', 'Smallest example', 'Options', 'What can go wrong', 'Details']

/** Pages that have another order, and why. */
const otherOrder: Readonly<Record<string, string>> = {
  'docs/architecture.md': 'walks through the code, for contributors',
  'docs/atlas.md': 'a list of issuers, compared with test/atlas',
  'docs/copy.md': 'the steps to move a server',
  'docs/dpop.md': 'follows the steps of RFC 9449',
  'docs/glossary.md': 'a list of words',
  'docs/jose-differences.md': 'a list of differences, compared with test/jwt',
  'docs/parts.md': 'what the one call makes, part by part',
  'docs/performance.md': 'tables of measurements',
  'docs/production.md': 'a list of steps for operators',
  'docs/reasons.md': 'a list of reasons, compared with the source',
  'docs/releasing.md': 'steps for maintainers',
  'docs/reliability.md': 'a report of a measurement',
  'docs/state-machines.md': 'tables of states, compared with test/model',
  'docs/troubleshooting.md': 'what can go wrong, by what is seen',
}

const pages = filesBelow('docs').filter((path) => /^docs\/(migrate\/)?[\w-]+\.md$/.test(path) && !Object.hasOwn(otherOrder, path))
/** A README of one call, whose parts have pages of their own. */
const shortReadmes: readonly string[] = ['packages/countersign/README.md']
const readmes = packages.map(({ folder }) => `${folder}/README.md`).filter((path) => !shortReadmes.includes(path))

/** The headings of the second level, outside of code. */
function headingsOf(path: string): readonly string[] {
  const prose = read(path).replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
  return [...prose.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading)
}

test.each(pages)('%s has its parts in one order', (path) => {
  expect(headingsOf(path)).toEqual(order)
})

test.each(readmes)('%s has the same parts', (path) => {
  expect(headingsOf(path)).toEqual(order)
})

test('each part says something, and an example has code', () => {
  const empty = [...pages, ...readmes].flatMap((path) =>
    read(path)
      .split(/^## /m)
      .slice(1)
      .filter((part) => part.split('\n').slice(1).join('').trim() === '' || (part.startsWith('Smallest example') && !part.includes('```')))
      .map((part) => `${path}: ${part.split('\n', 1)[0]}`),
  )
  expect(empty).toEqual([])
})
