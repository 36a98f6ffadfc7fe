import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gathered, pages, sections, version } from './pages.js'
import { referencePages } from './reference.js'

/** Where the finished site is. */
export const site = fileURLToPath(new URL('../dist', import.meta.url))

/** The first sentence of a page, without links and code. @param {string} address */
function summaryOf(address) {
  const text = readFileSync(join(gathered, `${address}.md`), 'utf8')
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
  const paragraph = text.split(/\n{2,}/).find((part) => /^[A-Za-z`[*]/.test(part)) ?? ''
  const plain = paragraph.replaceAll('\n', ' ').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
  return /^.*?[.:](?=\s|$)/.exec(plain)?.[0] ?? plain
}

const line = (title, address) => `- [${title}](/${address}.md): ${summaryOf(address)}\n`

/** Puts the Markdown of each page beside it, and a list of all pages for programs that read. */
export function writeTwins() {
  for (const path of readdirSync(gathered, { recursive: true, encoding: 'utf8' }))
    if (path.endsWith('.md')) cpSync(join(gathered, path), join(site, path))
  const lists = sections.map((section) => {
    const own = pages.filter((page) => page.section === section && !page.address.startsWith('decisions/'))
    return `## ${section}\n\n${own.map(({ title, address }) => line(title, address)).join('')}`
  })
  const api = referencePages.map(({ name, address }) => `- [${name}](/${address}.md)\n`).join('')
  writeFileSync(
    join(site, 'llms.txt'),
    `# countersign\n\n> Middleware that lets an Express or Koa API trust several token issuers at once, and be an issuer itself. Version ${version}.\n\n` +
      `Each page is here as Markdown too, under its address with \`.md\`.\n\n${lists.join('\n')}\n## API\n\n${api}`,
  )
}
