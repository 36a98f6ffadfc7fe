import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the workspace. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where pages are gathered, from which VitePress makes the site. */
export const gathered = fileURLToPath(new URL('../.cache/pages', import.meta.url))

/** The text of a file of the workspace. @param {string} path */
export const read = (path) => readFileSync(join(root, path), 'utf8')

/** Version of all packages. @type {string} */
export const version = JSON.parse(read('packages/core/package.json')).version

/** @param {string} folder */
const markdownIn = (folder) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter((name) => name.endsWith('.md'))
        .sort()
        .map((name) => `${folder}/${name}`)
    : []

const guides = (/** @type {string} */ names) => names.split(' ').map((name) => `docs/${name}.md`)
const readmes = (/** @type {string} */ names) => names.split(' ').map((name) => `packages/${name}/README.md`)

/** All packages. */
export const packageFolders = readdirSync(join(root, 'packages')).sort()

const withPage = (/** @type {string} */ folder) =>
  readdirSync(join(root, folder)).filter((name) => existsSync(join(root, folder, name, 'README.md')))

/** Sources of all pages in the order of the site. A file that does not exist yet has no page; a guide that is not named here stands under Reference. */
const ordered = {
  Start: [
    'README.md',
    ...guides('troubleshooting commonjs testing runtimes'),
    ...withPage('examples').map((name) => `examples/${name}/README.md`),
  ],
  Guard: [
    ...readmes('verifier express koa'),
    ...guides('revocation dpop certificates opaque-tokens api-keys tenants proxies cors websocket atlas reasons jose-differences'),
  ],
  Server: [
    ...readmes('countersign'),
    ...guides('grants parts keys stores cognito assertions nonces integrations console'),
    ...readmes('grants keys nonce integrations console cognito redis postgres sqlite'),
  ],
  Migrate: [...guides('shadow'), ...markdownIn('docs/migrate'), ...guides('copy')],
  Operate: [
    ...guides('production observability kubernetes serverless lambda audit events reliability performance cli'),
    ...readmes('opentelemetry cli'),
  ],
  Reference: [
    ...guides('glossary state-machines architecture adapters'),
    ...packageFolders.map((name) => `packages/${name}/README.md`),
    'CONTRIBUTING.md',
    'SECURITY.md',
    'CODE_OF_CONDUCT.md',
    'docs/releasing.md',
    ...markdownIn('docs'),
    ...markdownIn('docs/decisions'),
  ],
}

/** Address of the page of a file, without the leading slash and without an ending. @param {string} source */
function addressOf(source) {
  if (source === 'README.md') return 'start'
  return source
    .replace(/^docs\//, '')
    .replace(/(\/README)?\.md$/, '')
    .toLowerCase()
}

/** @typedef {{ source: string, address: string, section: string, title: string }} Page */

/** @param {string} text */
const titleOf = (text) => (/^# (.+)$/m.exec(text)?.[1] ?? '').replaceAll('`', '')

const seen = new Set()

/** All pages that are written by hand, each once, in the order of the site. @type {readonly Page[]} */
export const pages = Object.entries(ordered).flatMap(([section, sources]) =>
  sources.flatMap((source) => {
    if (seen.has(source) || !existsSync(join(root, source))) return []
    seen.add(source)
    return [{ source, address: addressOf(source), section, title: source === 'README.md' ? 'First steps' : titleOf(read(source)) }]
  }),
)

/** The sections in their order. */
export const sections = Object.keys(ordered)

/** Address of the page that a file or folder of the workspace has, if it has one. @param {string} path */
export function pageOf(path) {
  const plain = posix.normalize(path).replace(/\/$/, '')
  return (
    pages.find(({ source }) => source === plain || source === `${plain}/README.md`)?.address ??
    (plain === 'docs/decisions' ? 'decisions/' : undefined)
  )
}
