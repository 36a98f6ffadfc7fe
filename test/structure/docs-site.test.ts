import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { filesBelow, packages, root } from './workspace.js'

interface Page {
  readonly source: string
  readonly address: string
  readonly section: string
}

const program = "import('./docs-site/src/pages.js').then(({ pages, sections }) => console.log(JSON.stringify({ pages, sections })))"
const { pages, sections } = JSON.parse(execFileSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8' })) as {
  pages: readonly Page[]
  sections: readonly string[]
}

test('the site has its sections in the order in which people need them', () => {
  expect(sections).toEqual(['Start', 'Guard', 'Server', 'Migrate', 'Operate', 'Reference'])
})

test('every page of docs/ and every README of a package is on the site', () => {
  const written = [
    ...filesBelow('docs').filter((path) => path.endsWith('.md')),
    ...packages.map(({ folder }) => `${folder}/README.md`),
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
  ]
  const placed = pages.map(({ source }) => source)
  expect(written.filter((path) => !placed.includes(path))).toEqual([])
})

test('each page has an address of its own', () => {
  const addresses = pages.map(({ address }) => address)
  expect(addresses.filter((address, at) => addresses.indexOf(address) !== at)).toEqual([])
  expect(addresses.filter((address) => !/^[a-z0-9_][\w/-]*$/.test(address))).toEqual([])
})
