import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBelow, packages, privateMembers, read, root, workspace } from './workspace.js'

const topLevel = {
  folders: [
    '.changeset',
    '.ci',
    '.github',
    '.vscode',
    'bench',
    'docs',
    'docs-site',
    'examples',
    'packages',
    'scripts',
    'templates',
    'test',
  ],
  documents: ['CODE_OF_CONDUCT.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md'],
  configurations: [
    '.editorconfig',
    '.gitattributes',
    '.gitignore',
    '.oxlintrc.json',
    'biome.json',
    'compose.yaml',
    'knip.json',
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'tsconfig.base.json',
    'tsconfig.json',
  ],
  leftByTools: ['.cache', '.git', 'coverage', 'node_modules'],
}

test('the top level holds what is listed here and nothing else', () => {
  const present = readdirSync(root).filter((name) => !topLevel.leftByTools.includes(name))
  expect(present.sort()).toEqual([...topLevel.folders, ...topLevel.documents, ...topLevel.configurations].sort())
})

test('the root scripts are there', () => {
  expect(Object.keys(workspace.scripts ?? {}).sort()).toEqual([
    'bench',
    'build',
    'campaign',
    'changeset',
    'demo',
    'lint',
    'new-package',
    'release:check',
    'test',
  ])
})

test('the README and the gate run the same test command', () => {
  const command = 'npx -y pnpm@12.21.0 test'
  expect(read('README.md')).toContain(command)
  expect(read('.ci/run')).toContain(command)
})

test('only packages/ is published', () => {
  expect(privateMembers.filter(({ manifest }) => manifest.private !== true).map(({ folder }) => folder)).toEqual([])
  expect(packages.filter(({ manifest }) => manifest.private === true).map(({ folder }) => folder)).toEqual([])
})

test('every example starts and checks itself', () => {
  const examples = privateMembers.filter(({ folder }) => folder.startsWith('examples/') && folder !== 'examples/demo')
  expect(examples.filter(({ manifest: { scripts } }) => !(scripts?.start && scripts.check)).map(({ folder }) => folder)).toEqual([])
})

test('an authorization server takes at most 50 lines', () => {
  const apps = filesBelow('examples').filter((path) => /quickstart-server-[a-z]+\/src\/app\.ts$/.test(path))
  expect(apps.length).toBe(2)
  expect(apps.filter((path) => read(path).split('\n').length > 51)).toEqual([])
})

test('no package, folder or file of code is named after nothing', () => {
  const names = ['packages', 'examples', 'bench', 'docs-site', 'scripts']
    .flatMap(filesBelow)
    .concat(filesBelow('test').filter((path) => !path.startsWith('test/types/')))
  expect(names.filter((path) => /(^|\/)(utils?|common|helpers?|types|misc|shared)(\.|\/|$)/.test(path))).toEqual([])
})

test('source files are named in kebab-case', () => {
  const files = packages.flatMap(({ folder }) => filesBelow(`${folder}/src`))
  expect(files.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(path.split('/').at(-1) ?? ''))).toEqual([])
})

/** Files over 250 lines that are one concept all the same, and why. */
const longFiles: Readonly<Record<string, string>> = {
  'test/grants/client-authentication.test.ts': 'one grant step, every way to authenticate',
  'test/grants/password.test.ts': 'one grant with its continuations',
  'test/grants/refresh-token.test.ts': 'one grant, its policies and its attacks',
  'test/jwt/import-keys.test.ts': 'a table of keys and faults; wants to be a file for each kind of key',
  'test/jwt/strict-json.test.ts': 'one parser against its slow reader',
  'test/jwt/jose-differences.ts': 'data: the table of differences',
  'test/postgres/outage.test.ts': 'one table of outages',
  'test/verifier/token-cache.test.ts': 'what every hit judges again; wants to be two',
}

test('a file over 250 lines has its reason here', () => {
  const code = ['packages', 'examples', 'scripts', 'bench', 'docs-site', 'test']
    .flatMap(filesBelow)
    .filter((path) => /\.(ts|js)$/.test(path))
  const long = code.filter((path) => read(path).split('\n').length > 251)
  expect(long.sort()).toEqual(Object.keys(longFiles).sort())
})

describe.each(packages)('$manifest.name', ({ folder, manifest }) => {
  test.each(['README.md', 'LICENSE', 'tsconfig.json', 'src/index.ts'])('has %s', (file) => {
    expect(existsSync(join(root, folder, file))).toBe(true)
  })

  test('has the licence of the workspace', () => {
    expect(read(`${folder}/LICENSE`)).toBe(read('LICENSE'))
    expect(manifest.license).toBe(workspace.license)
  })

  test('is an ESM package without side effects for the same Node as the workspace, and ships dist only', () => {
    expect(manifest).toMatchObject({ type: 'module', sideEffects: false, engines: workspace.engines })
    expect(manifest.files).toEqual(['dist', '!dist/.tsbuildinfo', 'README.md', 'LICENSE'])
    expect(manifest.publishConfig?.access).toBe('public')
  })

  test('publishes its exports without the condition that points to the source', () => {
    const published = Object.entries(manifest.exports ?? {}).map(([path, { '@countersign/source': source, ...conditions }]) => {
      expect(source).toMatch(/^\.\/src\/.+\.ts$/)
      expect(conditions).toEqual({
        types: source?.replace('src', 'dist').replace('.ts', '.d.ts'),
        default: source?.replace('src', 'dist').replace('.ts', '.js'),
      })
      return [path, conditions]
    })
    expect(published.length).toBeGreaterThan(0)
    expect(manifest.publishConfig?.exports).toEqual(Object.fromEntries(published))
  })

  test('says for tools that do not read exports what exports says', () => {
    const { '.': root, ...subpaths } = manifest.publishConfig?.exports ?? {}
    expect(manifest.main).toBe(root?.default)
    expect(manifest.types).toBe(root?.types)
    const typesOf = Object.entries(subpaths).map(([path, conditions]) => [path.replace('./', ''), [conditions.types]])
    expect(manifest.typesVersions).toEqual(typesOf.length > 0 ? { '*': Object.fromEntries(typesOf) } : undefined)
  })

  test('declares versions of ours by the workspace and of others by the catalog', () => {
    const declared = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    const wanted = (name: string): RegExp => (name.startsWith('@countersign/') ? /^workspace:\^$/ : /^catalog:$/)
    expect(declared.filter(([name, version]) => !wanted(name).test(version))).toEqual([])
  })

  test('is referenced by the root build, and references what it depends on', () => {
    const references = (path: string): readonly string[] =>
      (JSON.parse(read(path)) as { references: { path: string }[] }).references.map((reference) => reference.path)
    expect(references('tsconfig.json')).toContain(folder)
    const ours = Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith('@countersign/'))
    expect([...references(`${folder}/tsconfig.json`)].sort()).toEqual(ours.map((name) => name.replace('@countersign/', '../')).sort())
  })
})
