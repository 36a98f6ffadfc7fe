import { execFileSync, type SpawnSyncReturns } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { filesBelow, read, root } from '../structure/workspace.js'

/** The command of the README begins so. */
const pnpm = /npx -y (pnpm@\d+\.\d+\.\d+)/.exec(read('README.md'))?.[1] ?? ''

let copy = ''

function program(command: string, args: readonly string[], folder = copy): string {
  return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe', env: { ...process.env, NO_COLOR: '1' } })
}

const newPackage = (...args: readonly string[]): string => program(process.execPath, ['scripts/new-package.js', ...args])

/** What a program that fails prints. */
function complaint(...args: readonly string[]): string {
  try {
    return newPackage(...args)
  } catch (error) {
    return (error as SpawnSyncReturns<string>).stderr
  }
}

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'countersign-template-'))
  for (const path of filesBelow('.')) {
    mkdirSync(join(copy, dirname(path)), { recursive: true })
    cpSync(join(root, path), join(copy, path))
  }
  // for the formatter, before anything is installed
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
}, 60_000)

afterAll(() => {
  rmSync(copy, { recursive: true, force: true })
})

describe('pnpm new-package', () => {
  test.each([
    [[], 'the name must be in kebab-case, for instance "audit-log", got ""'],
    [['Audit_Log'], 'the name must be in kebab-case, for instance "audit-log", got "Audit_Log"'],
    [['../audit'], 'the name must be in kebab-case, for instance "audit-log", got "../audit"'],
    [['utils'], 'the name cannot be "utils"'],
    [['example-log'], 'the name cannot be "example-log"'],
    [['core'], 'packages/core exists already'],
  ])('refuses %j', (args, message) => {
    expect(complaint(...args)).toContain(message)
  })

  test('makes a package that is installed, built, formatted and tested, and that the rules of the workspace accept', () => {
    newPackage('audit-log')
    rmSync(join(copy, 'node_modules'))
    program('npx', ['-y', pnpm, 'install', '--no-frozen-lockfile', '--prefer-offline'])
    const bin = join(copy, 'node_modules/.bin')
    program(join(bin, 'tsc'), ['--build', 'packages/audit-log'])
    program(join(bin, 'biome'), [
      'check',
      '--error-on-warnings',
      'packages/audit-log',
      'test/audit-log',
      'test/package.json',
      'tsconfig.json',
    ])
    const suites = [
      'structure/import-law',
      'structure/layout',
      'structure/links',
      'structure/release',
      'structure/source',
      'documents/compile',
      'audit-log',
    ]
    const args = ['run', ...suites, '--maxWorkers=1', '--reporter=json', '--outputFile=report.json']
    try {
      program(join(copy, 'test/node_modules/.bin/vitest'), args, join(copy, 'test'))
    } catch {
      // The report says what failed.
    }
    const report = JSON.parse(readFileSync(join(copy, 'test/report.json'), 'utf8')) as Report
    const results = report.testResults.flatMap(({ assertionResults }) => assertionResults)
    expect(results.filter(({ status }) => status !== 'passed').map(({ fullName }) => fullName)).toEqual([])
    expect(report.testResults.filter(({ status }) => status !== 'passed').map(({ name }) => name)).toEqual([])
    const seen = results.map(({ fullName }) => fullName).filter((name) => name.includes('audit-log'))
    for (const rule of ['publishes its exports without', 'imports nothing of ours beyond', 'exports nothing without a docstring'])
      expect(seen.filter((name) => name.includes(rule))).toHaveLength(1)
    expect(results.map(({ fullName }) => fullName)).toContain('is fresh from its beginning until its end')
  }, 180_000)

  test('does not touch a package that exists', () => {
    expect(complaint('audit-log')).toContain('packages/audit-log exists already')
  })
})

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}
