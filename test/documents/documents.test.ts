import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Block, blocksOf, pages, placeOf } from './pages.js'
import { openPlay, type Play } from './play.js'
import { isTestFile, programsOf } from './programs.js'

const testFiles = new Set(
  pages
    .flatMap(programsOf)
    .filter(isTestFile)
    .map(({ block }) => placeOf(block)),
)

const runnable = (page: string): readonly Block[] => blocksOf(page).filter((block) => !testFiles.has(placeOf(block)))

describe.each(pages.filter((page) => runnable(page).length > 0))('%s', (page) => {
  let play: Play
  beforeAll(async () => {
    play = await openPlay(page)
  })
  afterAll(() => play?.close())

  // One block attacks an app for 20 seconds; a program with tests of its own is ended after 30.
  it.each(runnable(page))(
    'the block at line $line runs',
    async (block) => {
      await play.run(block)
    },
    40_000,
  )
})
