import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { filesBelow, packages, privateMembers, read as readOfOurs, root } from './workspace.js'

test('packages share one version, and nothing else does', () => {
  const { fixed } = JSON.parse(readOfOurs('.changeset/config.json')) as { fixed: string[][] }
  expect(fixed.length).toBe(1)
  // as changesets reads them: what one pattern takes, a later one with `!` takes out again
  const matches = (name: string, pattern: string): boolean =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
  const inGroup = (name: string): boolean =>
    (fixed[0] ?? []).reduce((found, pattern) => (matches(name, pattern.replace(/^!/, '')) ? !pattern.startsWith('!') : found), false)
  const grouped = [...packages, ...privateMembers].filter(({ manifest }) => inGroup(manifest.name))
  expect(grouped.map(({ folder }) => folder)).toEqual(packages.map(({ folder }) => folder))
  expect(new Set(packages.map(({ manifest }) => manifest.version)).size).toBe(1)
})

test('changesets name only packages that exist, and tell what changed', () => {
  const names = packages.map(({ manifest }) => manifest.name)
  const changesets = filesBelow('.changeset').filter((path) => path.endsWith('.md') && !path.endsWith('README.md'))
  const wrong = changesets.filter((path) => {
    const [, header = '', text = ''] = readOfOurs(path).split(/^---$/m)
    const kinds = Object.entries((parse(header) ?? {}) as Record<string, string>)
    return text.trim() === '' || kinds.length === 0 || kinds.some(([name, kind]) => !names.includes(name) || !/^(minor|patch)$/.test(kind))
  })
  expect(wrong).toEqual([])
})

describe('the script of the release', () => {
  let folder = ''

  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8')
  const release = (...args: readonly string[]): string =>
    execFileSync(process.execPath, ['scripts/release.js', ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: folder, encoding: 'utf8' })

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-release-'))
    for (const name of ['check', 'release', 'release-packages'])
      cpSync(join(root, `scripts/${name}.js`), join(folder, `scripts/${name}.js`))
    write('package.json', '{ "type": "module" }')
    write('.changeset/README.md', '')
    for (const name of ['core', 'jwt']) write(`packages/${name}/package.json`, `{ "name": "@countersign/${name}", "version": "1.2.0" }`)
    git('init', '--quiet')
    git('add', '--all')
    git('commit', '--quiet', '--message', 'first')
  })

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  test('publishes a version that has no tag yet, and once only', () => {
    expect(release('next')).toBe('next=publish\nversion=1.2.0\n')
    git('tag', 'v1.2.0')
    expect(release('next')).toBe('next=nothing\nversion=1.2.0\n')
  })

  test('makes the next version before it publishes, while changesets wait', () => {
    write('.changeset/new-things.md', "---\n'@countersign/core': minor\n---\n\nNew things.\n")
    expect(release('next')).toBe('next=version\nversion=1.2.0\n')
  })

  test('never publishes the version that stands before the first changeset', () => {
    write('packages/core/package.json', '{ "version": "0.0.0" }')
    expect(release('next')).toBe('next=nothing\nversion=0.0.0\n')
  })

  test('tells each change of this version once, with its packages', () => {
    const older = '\n## 1.1.0\n\n### Minor Changes\n\n- 1111111: Old.\n'
    const updated = '- Updated dependencies [2222222]\n  - @countersign/core@1.2.0\n'
    write(
      'packages/core/CHANGELOG.md',
      `# core\n\n## 1.2.0\n\n### Minor Changes\n\n- 2222222: Both.\n\n### Patch Changes\n\n- 3333333: One.\n${older}`,
    )
    write(
      'packages/jwt/CHANGELOG.md',
      `# jwt\n\n## 1.2.0\n\n### Minor Changes\n\n- 2222222: Both.\n\n### Patch Changes\n\n${updated}${older}`,
    )
    expect(release('notes')).toBe('### Minor Changes\n\n- **core, jwt** 2222222: Both.\n\n### Patch Changes\n\n- **core** 3333333: One.\n')
  })

  test('writes the repository and absolute links into every package, and takes nothing that is not one', () => {
    const text = 'A [page](../../docs/a.md#b), [ours](src/), [here](#c), [there](https://there.example/d) and `[code](e.md)`.\n'
    write('packages/core/README.md', text)
    write('packages/jwt/README.md', text)
    write('packages/jwt/src/index.ts', '')
    write('docs/a.md', '# A')
    expect(() => release('prepare', 'https://forge.example/')).toThrow('repository must be https://host/owner/name')
    expect(() => release('prepare', 'https://forge.example/owner/name')).toThrow('no such file')
    expect(read('packages/jwt/README.md')).toBe(text)

    write('packages/core/src/index.ts', '')
    release('prepare', 'https://forge.example/owner/name')
    expect(JSON.parse(read('packages/jwt/package.json'))).toEqual({
      name: '@countersign/jwt',
      version: '1.2.0',
      homepage: 'https://forge.example/owner/name/tree/v1.2.0/packages/jwt#readme',
      bugs: { url: 'https://forge.example/owner/name/issues' },
      repository: { type: 'git', url: 'git+https://forge.example/owner/name.git', directory: 'packages/jwt' },
    })
    expect(read('packages/jwt/README.md')).toBe(
      'A [page](https://forge.example/owner/name/blob/v1.2.0/docs/a.md#b), [ours](https://forge.example/owner/name/tree/v1.2.0/packages/jwt/src), ' +
        '[here](#c), [there](https://there.example/d) and `[code](e.md)`.\n',
    )
  })

  test('takes nothing that is no step', () => {
    expect(() => release('nothing')).toThrow('the step must be one of next, notes, prepare')
  })
})
