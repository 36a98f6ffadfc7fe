import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './check.js'
import { folders, linksOf, prepared, readManifest, readmeOf } from './release-packages.js'

/**
 * Says what npm would refuse, or what users would miss: `pnpm release:check [https://host/owner/name]`. With a repository it looks at the
 * packages as the release will prepare them; without one, as they stand in the folder.
 */

const isText = (value) => typeof value === 'string' && value.trim() !== ''
const isUrl = (value) => typeof value === 'string' && /^https:\/\/\S+$/.test(value)
const shown = (value) => JSON.stringify(value) ?? 'nothing'

/** All files that a manifest points to. */
function targetsOf({ main, types, typesVersions = {}, publishConfig = {} }) {
  const older = Object.values(typesVersions).flatMap((paths) => Object.values(paths).flat())
  return [main, types, ...older, ...Object.values(publishConfig.exports ?? {}).flatMap((conditions) => Object.values(conditions))]
}

const isSecret = (file) => /(^|\/)(\.env|\.npmrc|node_modules)(\/|$)/.test(file)

/** What each field must be, and a test of it. @type {Readonly<Record<string, readonly [string, (manifest: any, at: { folder: string, license: string }) => boolean]>>} */
const rules = {
  name: [
    'a name of at most 214 characters in lower case',
    ({ name }) => isText(name) && name.length <= 214 && /^(@[a-z0-9][\w.-]*\/)?[a-z0-9][a-z0-9._-]*$/.test(name),
  ],
  version: ['a version of SemVer', ({ version }) => isText(version) && /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)],
  private: ['absent: npm publishes no private package', (manifest) => manifest.private === undefined],
  description: ['a sentence of at most 200 characters', ({ description }) => isText(description) && description.length <= 200],
  keywords: [
    'at least 3 different words in lower case',
    ({ keywords }) =>
      Array.isArray(keywords) &&
      keywords.length >= 3 &&
      new Set(keywords).size === keywords.length &&
      keywords.every((word) => isText(word) && word === word.toLowerCase().trim()),
  ],
  license: ['the licence of the workspace', (manifest, { license }) => manifest.license === license],
  repository: [
    '{ type: "git", url: "git+https://host/owner/name.git", directory } with the folder of the package',
    ({ repository }, { folder }) =>
      repository?.type === 'git' &&
      /^git\+https:\/\/[^/]+\/[^/]+\/[^/]+\.git$/.test(repository.url ?? '') &&
      repository.directory === `packages/${folder}`,
  ],
  homepage: ['a URL with https', ({ homepage }) => isUrl(homepage)],
  bugs: ['{ url } with https', ({ bugs }) => isUrl(bugs?.url)],
  engines: ['{ node } with a range', ({ engines }) => isText(engines?.node)],
  files: [
    'a list with dist, README.md and LICENSE, and without secrets',
    ({ files }) => Array.isArray(files) && ['dist', 'README.md', 'LICENSE'].every((file) => files.includes(file)) && !files.some(isSecret),
  ],
  types: ['a path below ./dist that ends with .d.ts', ({ types }) => /^\.\/dist\/.+\.d\.ts$/.test(types ?? '')],
  main: ['a path below ./dist that ends with .js', ({ main }) => /^\.\/dist\/.+\.js$/.test(main ?? '')],
  'publishConfig.access': [
    '"public": npm publishes a scoped package as a private one',
    ({ publishConfig }) => publishConfig?.access === 'public',
  ],
  'publishConfig.provenance': ['true', ({ publishConfig }) => publishConfig?.provenance === true],
  'publishConfig.exports': [
    'entries with types and default, none of them in the source',
    (manifest) => {
      const entries = Object.values(manifest.publishConfig?.exports ?? {})
      return (
        entries.length > 0 &&
        entries.every((entry) => isText(entry.types) && isText(entry.default)) &&
        targetsOf(manifest).every((path) => isText(path) && path.startsWith('./dist/'))
      )
    },
  ],
  peerDependenciesMeta: [
    'about peer dependencies only',
    ({ peerDependencies = {}, peerDependenciesMeta = {} }) =>
      Object.keys(peerDependenciesMeta).every((name) => Object.hasOwn(peerDependencies, name)),
  ],
}

/** What a field is, by its path. */
const valueAt = (manifest, path) => path.split('.').reduce((value, name) => value?.[name], manifest)

/** The sentences about one package; none if it can be published. */
function problemsOf(folder, { manifest, readme }, license) {
  const fields = Object.entries(rules)
    .filter(([, [, holds]]) => !holds(manifest, { folder, license }))
    .map(([path, [must]]) => `${path} must be ${must}, got ${shown(valueAt(manifest, path))}`)
  const files = ['LICENSE', 'README.md'].filter((file) => !existsSync(join(root, 'packages', folder, file)))
  const links = linksOf(readme).filter((target) => !/^(https:|mailto:|#)/.test(target))
  return [
    ...fields,
    ...files.map((file) => `${file} is missing`),
    ...links.map((target) => `README.md: a link must be absolute, got ${target}`),
  ]
}

const repository = process.argv.slice(2).find((argument) => argument !== '--')
const { license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
let count = 0
for (const folder of folders) {
  const onDisk = { manifest: readManifest(folder), readme: existsSync(readmeOf(folder)) ? readFileSync(readmeOf(folder), 'utf8') : '' }
  const problems = problemsOf(folder, repository === undefined ? onDisk : prepared(folder, repository), license)
  count += problems.length
  for (const problem of problems) process.stdout.write(`packages/${folder}: ${problem}\n`)
}
process.stdout.write(`${folders.length} packages, ${count} problems\n`)
if (count > 0 && repository === undefined)
  process.stdout.write(
    'The release writes repository, homepage, bugs and links. To check with them: pnpm release:check https://host/owner/name\n',
  )
process.exitCode = count === 0 ? 0 : 1
