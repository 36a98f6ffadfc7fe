import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import MiniSearch from 'minisearch'
import { pageOf, pages } from './pages.js'
import { searchOptions } from './search-options.js'
import { site } from './twins.js'

/** Looks at the finished site: links and anchors, Markdown twins, and what the search finds. */

const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'))
const textOf = (/** @type {string} */ path) => readFileSync(join(site, path), 'utf8')
const problems = []

const html = files.filter((path) => path.endsWith('.html'))
const idsByFile = new Map(html.map((path) => [path, new Set([...textOf(path).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))]))
const decoded = (/** @type {string} */ text) => text.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"')

/** Whether a link of a file of the site leads to a file, and to an anchor in it. */
function leadsSomewhere(from, link) {
  const [path = '', anchor] = decoded(link).split('#', 2)
  const target = path === '' ? from : decodeURIComponent(path.startsWith('/') ? path.slice(1) : posix.join(posix.dirname(from), path))
  const file = target === '' || target.endsWith('/') ? `${target}index.html` : target
  const found = [file, `${file}.html`].find((one) => files.includes(one) && !existsSync(join(site, one, 'index.html')))
  if (found === undefined) return false
  return anchor === undefined || anchor === '' || !found.endsWith('.html') || idsByFile.get(found)?.has(decodeURIComponent(anchor)) === true
}

const isOurs = (/** @type {string} */ link) => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(link)
let links = 0
function checkLinks(path, found) {
  for (const link of found.filter(isOurs)) {
    links += 1
    if (!leadsSomewhere(path, link)) problems.push(`${path}: the link ${link} leads nowhere`)
  }
}

for (const path of html)
  if (path !== '404.html')
    checkLinks(
      path,
      [...textOf(path).matchAll(/<a\b[^>]*? href="([^"]*)"/g)].map(([, link]) => link),
    )
checkLinks(
  'llms.txt',
  [...textOf('llms.txt').matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link),
)

for (const { address } of pages) {
  for (const file of [`${address}.html`, `${address}.md`]) if (!files.includes(file)) problems.push(`the page ${file} is missing`)
  if (!address.startsWith('decisions/') && !textOf('llms.txt').includes(`(/${address}.md)`))
    problems.push(`llms.txt does not name ${address}`)
}

/** What people look for, and pages one of which must be among the first three that are found; a source that does not exist yet is left out. */
const searches = {
  'rotate a key': ['docs/keys.md', 'packages/keys/README.md'],
  'revoke a client': ['docs/revocation.md', 'packages/grants/README.md', 'docs/grants.md'],
  DPoP: ['docs/dpop.md'],
  Lambda: ['docs/lambda.md', 'docs/serverless.md', 'packages/sqlite/README.md'],
  'migrate from express-jwt': ['docs/migrate/express-jwt.md'],
  'several issuers': ['packages/verifier/README.md', 'README.md'],
  'authorization server in my API': ['README.md', 'packages/countersign/README.md'],
  prometheus: ['docs/observability.md', 'packages/opentelemetry/README.md'],
}

const [chunk] = files.filter((path) => /@localSearchIndexroot\.[^/]*\.js$/.test(path))
/** @type {{ default: string }} */
const { default: index } = await import(pathToFileURL(join(site, chunk)).href)
// As the search box of the site asks.
const search = MiniSearch.loadJSON(index, {
  fields: ['title', 'titles', 'text'],
  storeFields: ['title', 'titles'],
  searchOptions,
})

for (const [words, sources] of Object.entries(searches)) {
  const wanted = sources.map(pageOf).filter((address) => address !== undefined)
  const hits = [...new Set(search.search(words).map(({ id }) => String(id).replace(/(\.html)?(#.*)?$/, '')))].slice(0, 3)
  if (wanted.length > 0 && !hits.some((hit) => wanted.includes(hit.slice(1))))
    problems.push(`the search for "${words}" finds ${hits.join(', ')}`)
}

for (const problem of problems) process.stdout.write(`${problem}\n`)
process.stdout.write(
  `docs-site: ${html.length} pages, ${links} links, ${Object.keys(searches).length} searches, ${problems.length} problems\n`,
)
process.exitCode = problems.length === 0 ? 0 : 1
