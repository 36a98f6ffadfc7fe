import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './check.js'
import { folders, manifestOf, prepared, readmeOf, version } from './release-packages.js'

/** What .github/workflows/release.yml asks: `node scripts/release.js next | notes | prepare <url>`. */

/** Prints what comes next, as outputs of a step: the next version, its publication, or nothing. */
function next() {
  const changesets = readdirSync(join(root, '.changeset')).filter((name) => name.endsWith('.md') && name !== 'README.md')
  const tag = execFileSync('git', ['tag', '--list', `v${version}`], { cwd: root, encoding: 'utf8' }).trim()
  const step = changesets.length > 0 ? 'version' : version === '0.0.0' || tag !== '' ? 'nothing' : 'publish'
  return `next=${step}\nversion=${version}\n`
}

/** The entries of this version in a changelog, by their heading; a list of updated dependencies is not an entry. */
function entriesIn(changelog) {
  const [, section = ''] = changelog.split(`\n## ${version}\n`)
  const [ours = ''] = section.split(/^## /m)
  return ours
    .split(/^### /m)
    .slice(1)
    .map((part) => {
      const [heading, ...lines] = part.split('\n')
      const entries = lines.join('\n').split(/^- /m).slice(1)
      return { heading, entries: entries.filter((entry) => !entry.startsWith('Updated dependencies')).map((entry) => entry.trim()) }
    })
}

/** Prints the notes of this version: each change once, with the packages that it is in. */
function notes() {
  /** @type {Map<string, Map<string, string[]>>} */
  const byHeading = new Map()
  for (const folder of folders) {
    const changelog = readFileSync(join(root, 'packages', folder, 'CHANGELOG.md'), 'utf8')
    for (const { heading, entries } of entriesIn(changelog)) {
      const packagesByEntry = byHeading.get(heading) ?? new Map()
      byHeading.set(heading, packagesByEntry)
      for (const entry of entries) packagesByEntry.set(entry, [...(packagesByEntry.get(entry) ?? []), folder])
    }
  }
  const sections = [...byHeading]
    .filter(([, packagesByEntry]) => packagesByEntry.size > 0)
    .map(([heading, packagesByEntry]) => {
      const list = [...packagesByEntry].map(([entry, names]) => `- **${names.join(', ')}** ${entry}\n`)
      return `### ${heading}\n\n${list.join('')}`
    })
  return sections.join('\n')
}

/**
 * Writes the repository, its pages and absolute links into each package. npm compares the repository with the origin of the provenance.
 *
 * @param {string | undefined} url - https://host/owner/name
 */
function prepare(url) {
  for (const [folder, { manifest, readme }] of folders.map((name) => /** @type {const} */ ([name, prepared(name, url)]))) {
    writeFileSync(manifestOf(folder), `${JSON.stringify(manifest, undefined, 2)}\n`)
    writeFileSync(readmeOf(folder), readme)
  }
  return ''
}

const steps = { next, notes, prepare }
const [name = '', argument] = process.argv.slice(2)
if (!Object.hasOwn(steps, name)) throw new Error(`release: the step must be one of ${Object.keys(steps).join(', ')}, got "${name}"`)
process.stdout.write(steps[name](argument))
