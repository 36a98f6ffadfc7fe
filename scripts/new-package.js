import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './check.js'

/** Makes a package from `templates/package`: `pnpm new-package <name>`. */

const name = process.argv.slice(2).find((argument) => argument !== '--') ?? ''
const folder = join(root, 'packages', name)
const tests = join(root, 'test', name)
const changeset = join(root, '.changeset', `package-${name}.md`)

function fail(message) {
  process.stderr.write(`new-package: ${message}\n`)
  process.exit(1)
}

if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) fail(`the name must be in kebab-case, for instance "audit-log", got "${name}"`)
// Names of private members, and names that say nothing (test/structure).
if (/^(test|bench|example)(-|$)|^(utils?|common|helpers?|types|misc|shared)$/.test(name)) fail(`the name cannot be "${name}"`)
for (const path of [folder, tests, changeset]) if (existsSync(path)) fail(`${path} exists already`)

const pascal = name.replace(/(^|-)(.)/g, (_, _dash, letter) => letter.toUpperCase())
const camel = pascal.replace(/^./, (letter) => letter.toLowerCase())

/** The example's name in all its forms. */
const named = (text) => text.replaceAll('new-package', name).replaceAll('NewPackage', pascal).replaceAll('newPackage', camel)

function change(path, edit) {
  writeFileSync(join(root, path), edit(readFileSync(join(root, path), 'utf8')))
}

const sorted = (record) => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

cpSync(join(root, 'templates/package'), folder, { recursive: true })
cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
renameSync(join(folder, 'src/new-package.ts'), join(folder, `src/${name}.ts`))
renameSync(join(folder, 'test'), tests)
renameSync(join(folder, 'changeset.md'), changeset)
for (const at of [folder, join(folder, 'src'), tests]) {
  for (const entry of readdirSync(at, { withFileTypes: true })) {
    const path = join(at, entry.name)
    if (entry.isFile()) writeFileSync(path, named(readFileSync(path, 'utf8')))
  }
}
writeFileSync(changeset, named(readFileSync(changeset, 'utf8')))

const reference = `    { "path": "packages/${name}" },\n`
change('tsconfig.json', (text) => text.replace('    { "path": "examples/', `${reference}    { "path": "examples/`))
change('test/package.json', (text) => {
  const manifest = JSON.parse(text)
  manifest.devDependencies = sorted({ ...manifest.devDependencies, [`@countersign/${name}`]: 'workspace:*' })
  return `${JSON.stringify(manifest, undefined, 2)}\n`
})

// The order of names depends on the name.
const { code, output } = await run(
  { command: 'biome', args: ['check', '--write', folder, tests, 'tsconfig.json', 'test/package.json'] },
  'pipe',
)
if (code !== 0) fail(output)

process.stdout.write(`packages/${name}, test/${name} and .changeset/package-${name}.md are there. Next:

  pnpm install                                    links it
  ${`pnpm exec vitest run ${name}`.padEnd(48)}in test/, runs its tests
  README.md, docs/architecture.md                 list every package
  ${`packages/${name}/package.json`.padEnd(48)}the description, and what it depends on
  pnpm test                                       says what is missing
`)
