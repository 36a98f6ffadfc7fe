import { expect, it } from 'vitest'
import { pages, placeOf } from './pages.js'
import { isTestFile, programsOf } from './programs.js'

const found = pages.flatMap(programsOf).filter(isTestFile)

// What they describe is described here.
for (const program of found) await import(/* @vite-ignore */ program.id)

it('the pages show files of tests for the authors of adapters and of mounts', () => {
  const shown = found.map(({ block }) => placeOf(block).replace(/:\d+$/, ''))
  expect(shown).toEqual(expect.arrayContaining(['docs/adapters.md', 'packages/testkit/README.md']))
})
