import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { workflow } from './workflows.js'
import { packages, root } from './workspace.js'

type Fields = Record<string, unknown>

const repository = 'https://forge.example/owner/name'

function check(folder: string, ...args: readonly string[]): { readonly status: number | null; readonly problems: readonly string[] } {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/release-check.js', ...args], { cwd: folder, encoding: 'utf8' })
  return { status, problems: stdout.split('\n').filter((line) => line.startsWith('packages/')) }
}

test('every package can be published as the release prepares it', () => {
  expect(check(root, repository)).toEqual({ status: 0, problems: [] })
})

test('a package that is not prepared is refused: it names no repository yet', () => {
  const { status, problems } = check(root)
  expect(status).toBe(1)
  expect(problems.filter((line) => line.includes(': repository must be')).length).toBe(packages.length)
})

describe('a manifest is refused', () => {
  let folder = ''
  let good: Fields = {}
  const manifestPath = (): string => join(folder, 'packages/core/package.json')

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-release-check-'))
    for (const file of ['check.js', 'release-check.js', 'release-packages.js', 'release.js'])
      cpSync(join(root, 'scripts', file), join(folder, 'scripts', file))
    cpSync(join(root, 'package.json'), join(folder, 'package.json'))
    mkdirSync(join(folder, 'packages/core'), { recursive: true })
    for (const file of ['package.json', 'README.md', 'LICENSE'])
      cpSync(join(root, 'packages/core', file), join(folder, 'packages/core', file))
    spawnSync(process.execPath, ['scripts/release.js', 'prepare', repository], { cwd: folder })
    good = JSON.parse(readFileSync(manifestPath(), 'utf8')) as Fields
  })

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  const problemsOf = (change: Fields): readonly string[] => {
    const manifest = JSON.parse(JSON.stringify({ ...good, ...change })) as Fields
    writeFileSync(manifestPath(), JSON.stringify(manifest))
    const { status, problems } = check(folder)
    expect(status).toBe(problems.length === 0 ? 0 : 1)
    return problems
  }

  test('only for a reason', () => {
    expect(problemsOf({})).toEqual([])
  })

  const publish = (change: Fields): Fields => ({ publishConfig: { ...(good.publishConfig as Fields), ...change } })

  test.each<[string, () => Fields]>([
    ['name must be a name', () => ({ name: '@Countersign/Core' })],
    ['version must be', () => ({ version: '1.2' })],
    ['private must be absent', () => ({ private: true })],
    ['description must be', () => ({ description: ' ' })],
    ['keywords must be', () => ({ keywords: undefined })],
    ['keywords must be', () => ({ keywords: ['jwt', 'jwt', 'oauth2'] })],
    ['keywords must be', () => ({ keywords: ['JWT', 'oauth2', 'koa'] })],
    ['license must be', () => ({ license: 'MIT' })],
    ['repository must be', () => ({ repository: undefined })],
    ['repository must be', () => ({ repository: `${repository}.git` })],
    ['repository must be', () => ({ repository: { type: 'git', url: `git+${repository}.git`, directory: 'packages/jwt' } })],
    ['homepage must be', () => ({ homepage: undefined })],
    ['homepage must be', () => ({ homepage: 'http://forge.example' })],
    ['bugs must be', () => ({ bugs: undefined })],
    ['engines must be', () => ({ engines: {} })],
    ['files must be', () => ({ files: undefined })],
    ['files must be', () => ({ files: ['dist', 'README.md'] })],
    ['files must be', () => ({ files: ['dist', 'README.md', 'LICENSE', '.env'] })],
    ['types must be', () => ({ types: undefined })],
    ['types must be', () => ({ types: './src/index.ts' })],
    ['main must be', () => ({ main: './src/index.ts' })],
    ['publishConfig.access must be', () => publish({ access: undefined })],
    ['publishConfig.provenance must be', () => publish({ provenance: undefined })],
    ['publishConfig.provenance must be', () => publish({ provenance: false })],
    ['publishConfig.exports must be', () => publish({ exports: undefined })],
    ['publishConfig.exports must be', () => publish({ exports: { '.': { default: './dist/index.js' } } })],
    ['publishConfig.exports must be', () => publish({ exports: { '.': { types: './dist/index.d.ts', default: './src/index.ts' } } })],
    ['peerDependenciesMeta must be', () => ({ peerDependenciesMeta: { express: { optional: true } } })],
  ])('%s … (%#)', (message, change) => {
    const problems = problemsOf(change())
    expect(problems.filter((problem) => problem.startsWith(`packages/core: ${message}`)).length).toBe(1)
  })

  test('with a README that has a relative link, or none at all', () => {
    const readme = join(folder, 'packages/core/README.md')
    const text = readFileSync(readme, 'utf8')
    writeFileSync(readme, `${text}\n[stores](../../docs/stores.md)\n`)
    expect(problemsOf({})).toEqual(['packages/core: README.md: a link must be absolute, got ../../docs/stores.md'])
    rmSync(readme)
    expect(problemsOf({})).toEqual(['packages/core: README.md is missing'])
    writeFileSync(readme, text)
  })
})

test('the workflow prepares, checks and then publishes with provenance, and lists what is inside', () => {
  const commandsOf = (job: string): readonly string[] => (workflow('release').jobs[job]?.steps ?? []).flatMap(({ run }) => run ?? [])
  const publish = commandsOf('publish')
  const at = (part: string): number => publish.findIndex((command) => command.includes(part))
  expect(at('release.js prepare')).toBeGreaterThan(-1)
  expect(at('release:check')).toBeGreaterThan(at('release.js prepare'))
  expect(at('publish --access public --provenance')).toBeGreaterThan(at('release:check'))
  expect(commandsOf('tag').some((command) => command.includes('sbom --sbom-format cyclonedx'))).toBe(true)
})
