import { filesBelow, read } from '../structure/workspace.js'

/** A fenced block of a page. */
export interface Block {
  /** For instance `docs/grants.md`. */
  readonly page: string
  /** Of its first fence, from 1. */
  readonly line: number
  /** The first word after the fence; empty where there is none. */
  readonly language: string
  /** The words after the language: how the block is run. */
  readonly marks: readonly string[]
  readonly code: string
}

/** Every page of the documentation that has code for users. */
export const pages: readonly string[] = [
  'README.md',
  ...filesBelow('docs'),
  ...filesBelow('packages').filter((path) => /^packages\/[^/]+\/README\.md$/.test(path)),
  ...filesBelow('examples').filter((path) => /^examples\/[^/]+\/README\.md$/.test(path)),
]
  .filter((path) => path.endsWith('.md'))
  .sort()

/** The blocks of a text, in order. A fence that is not closed reaches to the end. */
export function blocksIn(page: string, text: string): readonly Block[] {
  const blocks: Block[] = []
  let open: { readonly fence: string; readonly indent: string; readonly block: Block; readonly lines: string[] } | undefined
  const close = (): void => {
    if (open) blocks.push({ ...open.block, code: `${open.lines.join('\n')}\n` })
    open = undefined
  }
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', fence = '', info = ''] = /^(\s*(?:>\s?)*)(`{3,}|~{3,})(.*)$/.exec(line) ?? []
    if (open === undefined && fence !== '') {
      const [language = '', ...marks] = info.trim().split(/\s+/)
      open = { fence, indent, block: { page, line: index + 1, language, marks, code: '' }, lines: [] }
    } else if (fence !== '' && info.trim() === '' && open !== undefined && fence.startsWith(open.fence)) close()
    else if (open !== undefined) open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
  }
  close()
  return blocks
}

/** The blocks of a page. */
export function blocksOf(page: string): readonly Block[] {
  return blocksIn(page, read(page))
}

/** Where a block stands, as an editor understands it. */
export function placeOf({ page, line }: Block): string {
  return `${page}:${line}`
}
