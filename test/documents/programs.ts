import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { read, root } from '../structure/workspace.js'
import { type Block, blocksOf, pages } from './pages.js'
import { roleOf } from './roles.js'

const folder = join(root, 'test/documents/blocks/')
const slugOf = (page: string): string => page.replaceAll('/', '--')
const pageOf = new Map(pages.map((page) => [slugOf(page), page]))

/** A program of a page: a block, and the blocks that continue it. */
export interface Program {
  readonly block: Block
  /** What is imported. It is no file: the plugin of `vitest.config.ts` has its text. */
  readonly id: string
  readonly source: string
}

/** What the page says of names that its fragments take from elsewhere. */
export const contextPath = (page: string): string => `test/documents/contexts/${slugOf(page)}.ts`

/** An import of those names of a context that a text uses. */
function importsFrom(path: string, code: string): string {
  const declared = /^export (?:declare )?(?:async )?(type|interface|const|let|function|class) (\w+)/gm
  const passedOn = /^export (type )?\{([^}]+)\} from/gm
  const text = read(path)
  const names = [
    ...[...text.matchAll(declared)].map(([, kind = '', name = '']) => ({ name, isType: kind === 'type' || kind === 'interface' })),
    ...[...text.matchAll(passedOn)].flatMap(([, type, list = '']) =>
      list
        .split(',')
        .map((one) => ({ name: one.trim().replace(/^type |^\w+ as /, ''), isType: type !== undefined || one.includes('type ') })),
    ),
  ]
  const used = names.filter(({ name }) => name !== '' && new RegExp(`\\b${name}\\b`).test(code))
  const list = used.map(({ name, isType }) => (isType ? `type ${name}` : name)).join(', ')
  return `import { ${list} } from '../contexts/${path.split('/').at(-1)?.replace(/\.ts$/, '.js')}'\n`
}

function sourceOf(block: Block, following: readonly Block[]): string {
  if (roleOf(block) !== 'fragment') return [block, ...following].map(({ code }) => code).join('\n')
  const path = contextPath(block.page)
  if (!existsSync(join(root, path))) throw new TypeError(`${block.page}:${block.line}: a fragment must have a context, ${path}`)
  return importsFrom(path, block.code) + block.code
}

/** The programs of a page, in order. */
export function programsOf(page: string): readonly Program[] {
  const code = blocksOf(page).filter((block) => ['program', 'continues', 'fragment'].includes(roleOf(block)))
  const found: { block: Block; following: Block[] }[] = []
  for (const block of code) {
    const before = found.findLast((one) => roleOf(one.block) === 'program')
    if (roleOf(block) !== 'continues') found.push({ block, following: [] })
    else if (before) before.following.push(block)
    else throw new TypeError(`${page}:${block.line}: a block that continues must stand after a program`)
  }
  return found.map(({ block, following }) => ({
    block,
    id: `${folder}${slugOf(page)}--${block.line}.${block.language}`,
    source: sourceOf(block, following),
  }))
}

/** Whether a program is a file of tests, for the runner that these tests have. */
export const isTestFile = ({ source }: Program): boolean => /^describe/m.test(source)

/** The text of an id, where it is one of a program. */
export function programAt(id: string): Program | undefined {
  if (!id.startsWith(folder)) return undefined
  const page = pageOf.get(id.slice(folder.length).replace(/--\d+\.\w+$/, ''))
  return page === undefined ? undefined : programsOf(page).find((program) => program.id === id)
}
