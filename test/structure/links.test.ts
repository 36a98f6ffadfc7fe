import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow, read, root } from './workspace.js'

const documents = filesBelow('.').filter((path) => path.endsWith('.md'))

function withoutCode(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '')
}

/** The anchors that a forge makes of headings. */
function anchorsOf(path: string): readonly string[] {
  const headings = read(path)
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
    .matchAll(/^#{1,6} +(.+)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}

function resolves(document: string, target: string): boolean {
  const [path = '', anchor] = target.split('#', 2)
  const file = path === '' ? document : posix.join(posix.dirname(document), decodeURIComponent(path))
  if (file.startsWith('../') || !existsSync(join(root, file))) return false
  return anchor === undefined || !file.endsWith('.md') || anchorsOf(file).includes(anchor)
}

test('there are documents to look at', () => {
  expect(documents.length).toBeGreaterThan(0)
})

test.each(documents)('relative links of %s lead somewhere', (document) => {
  const links = [...withoutCode(read(document)).matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].map(([, target = '']) => target)
  const relative = links.filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
  expect(relative.filter((target) => !resolves(document, target))).toEqual([])
})
