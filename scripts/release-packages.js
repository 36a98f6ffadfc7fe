import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { root } from './check.js'

/** The folders of `packages/`, in the order of their names. @type {readonly string[]} */
export const folders = readdirSync(join(root, 'packages')).sort()

const pathOf = (folder, file) => join(root, 'packages', folder, file)

/** Path of a package's manifest. */
export const manifestOf = (folder) => pathOf(folder, 'package.json')

/** Path of a package's README. */
export const readmeOf = (folder) => pathOf(folder, 'README.md')

/** @returns {any} a package's manifest as it stands in the folder */
export const readManifest = (folder) => JSON.parse(readFileSync(manifestOf(folder), 'utf8'))

/** All packages have one version. @type {string} */
export const version = readManifest('core').version

/** Code, which has no links, or the target of a link. */
const codeOrLink = /^(```|~~~)[\s\S]*?^\1|`[^`\n]*`|(\]\()([^)\s]+)(?=[^)]*\))/gm

/** The targets of all links of a Markdown text. @returns {readonly string[]} */
export const linksOf = (text) => [...text.matchAll(codeOrLink)].map(([, , , target]) => target).filter((target) => target !== undefined)

/** npm shows a README without the repository around it: a relative link must become a URL. */
function absolute(target, folder, url) {
  if (/^([a-z][a-z0-9+.-]*:|#)/i.test(target)) return target
  const [path = '', anchor] = target.split('#', 2)
  const inRepository = posix.join('packages', folder, path)
  const kind = statSync(join(root, inRepository)).isDirectory() ? 'tree' : 'blob'
  return `${url}/${kind}/v${version}/${inRepository.replace(/\/$/, '')}${anchor === undefined ? '' : `#${anchor}`}`
}

/**
 * A package as the release publishes it from a repository.
 *
 * @param {string} folder - its name in `packages/`
 * @param {string | undefined} url - of the repository: https://host/owner/name
 * @returns {{ manifest: any, readme: string }}
 */
export function prepared(folder, url) {
  if (url === undefined || !/^https:\/\/[^/]+\/[^/]+\/[^/]+$/.test(url))
    throw new Error(`release: repository must be https://host/owner/name, got ${url}`)
  const manifest = {
    ...readManifest(folder),
    homepage: `${url}/tree/v${version}/packages/${folder}#readme`,
    bugs: { url: `${url}/issues` },
    repository: { type: 'git', url: `git+${url}.git`, directory: `packages/${folder}` },
  }
  const readme = readFileSync(readmeOf(folder), 'utf8').replaceAll(codeOrLink, (found, _fence, before, target) =>
    target === undefined ? found : `${before}${absolute(target, folder, url)}`,
  )
  return { manifest, readme }
}
