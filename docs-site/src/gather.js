import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { gathered, pageOf, pages, read, root } from './pages.js'

/** Code, which has no links, or the target of a link. */
const codeOrLink = /^( *)(```|~~~)[\s\S]*?^\1\2|`[^`\n]*`|(\]\()([^)\s]+)(?=[^)]*\))/gm

/** The list of the files below a folder, one on each line. @param {string} folder */
function listOf(folder) {
  return execFileSync('git', ['ls-files', folder], { cwd: root, encoding: 'utf8' })
}

/** A file that has no page is served as it is: as text, if it is code. A folder is served as the list of its files. @param {string} path */
function serveFile(path) {
  const address = /\.(png|svg|jpe?g|webp)$/.test(path) ? `files/${path}` : `files/${path}.txt`.replaceAll('/.', '/_')
  const target = join(gathered, 'public', address)
  mkdirSync(dirname(target), { recursive: true })
  if (statSync(join(root, path)).isDirectory()) writeFileSync(target, listOf(path))
  else cpSync(join(root, path), target)
  return `/${address}`
}

/** @param {string} target - of a link in the file `source` */
function linkFrom(source, target) {
  if (/^([a-z][a-z0-9+.-]*:|#)/i.test(target)) return target
  const [path = '', anchor] = target.split('#', 2)
  const file = posix.join(posix.dirname(source), path)
  const page = pageOf(file)
  if (page !== undefined) return `/${page}${page.endsWith('/') ? '' : '.md'}${anchor === undefined ? '' : `#${anchor}`}`
  if (!existsSync(join(root, file))) throw new Error(`${source}: the link ${target} leads nowhere`)
  return serveFile(file.replace(/\/$/, ''))
}

/** The Markdown of a page: links lead to pages, and blocks of code have only their language. */
function pageText(source) {
  return read(source)
    .replaceAll(
      /^( *)(```|~~~)(\w+)[^\n]*$/gm,
      (_found, indent, fence, language) => `${indent}${fence}${language === 'mermaid' ? 'txt' : language}`,
    )
    .replaceAll(codeOrLink, (found, _indent, _fence, before, target) =>
      target === undefined ? found : `${before}${linkFrom(source, target)}`,
    )
}

/** Writes a page below the gathered ones. @param {string} address @param {string} text */
export function writePage(address, text) {
  const path = join(gathered, `${address}.md`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** Gathers all pages that are written by hand, and the list of decisions. */
export function gather() {
  rmSync(gathered, { recursive: true, force: true })
  for (const { source, address } of pages) {
    const isRecord = address.startsWith('decisions/')
    writePage(address, `${isRecord ? '---\nsearch: false\n---\n\n' : ''}${pageText(source)}`)
  }
  const records = pages.filter(({ address }) => address.startsWith('decisions/'))
  writePage('decisions/index', `# Decisions\n\n${records.map(({ title, address }) => `- [${title}](/${address}.md)\n`).join('')}`)
}
