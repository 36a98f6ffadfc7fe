import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, passes, root, run, staticChecks } from './check.js'

/** Every check counts as one test; the suites count their own. */
const totals = { passed: 0, failed: 0, skipped: 0 }
const failures = []

function count(name, ok) {
  totals[ok ? 'passed' : 'failed'] += 1
  if (!ok) failures.push(name)
}

async function check(entry) {
  const ok = await passes(entry)
  count(entry.name, ok)
  return ok
}

/** Adds what vitest's JSON report says. A file that did not load counts as one failed test, and so does a bad end without any. */
function countSuite(name, code, report) {
  const failedBefore = totals.failed
  totals.passed += report?.numPassedTests ?? 0
  totals.failed += report?.numFailedTests ?? 0
  totals.skipped += (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
  for (const file of report?.testResults ?? []) {
    for (const test of file.assertionResults) if (test.status === 'failed') failures.push(`${name}: ${test.fullName}`)
    if (file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed')) count(`${name}: ${file.name}`, false)
  }
  if (code !== 0 && totals.failed === failedBefore) count(`${name}: the run itself`, false)
}

/** A Node that has `node:sqlite`, for the tests of it. */
const withSqlite = 'node@24.21.0'

async function suite(name, args, program = { command: 'vitest', args: [] }) {
  process.stdout.write(`\n${name}\n`)
  const folder = await mkdtemp(join(tmpdir(), 'countersign-report-'))
  const file = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { code } = await run({ ...program, args: [...program.args, 'run', ...reporters, ...args], cwd: join(root, 'test') })
  const report = await readFile(file, 'utf8').then(JSON.parse, () => undefined)
  await rm(folder, { recursive: true, force: true })
  countSuite(name, code, report)
}

async function checksItself(folder) {
  const manifest = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'))
  return manifest.scripts?.check !== undefined
}

/** Programs that make something, look at it and exit with a verdict: apps that are used over HTTP, and the site. */
async function programs() {
  const found = [{ name: 'the demo', command: 'node', args: ['scripts/demo.js'] }]
  for (const example of (await readdir(join(root, 'examples'))).sort()) {
    const folder = join('examples', example)
    if (await checksItself(folder)) found.push({ name: `example ${example}`, command: 'pnpm', args: ['--dir', folder, 'run', 'check'] })
  }
  found.push({ name: 'the site of the documents', command: 'pnpm', args: ['--dir', 'docs-site', 'run', 'check'] })
  return found
}

async function runAll() {
  if (!(await check(build))) return
  for (const entry of staticChecks) await check(entry)
  await suite(
    'the test suite',
    process.argv.slice(2).filter((arg) => arg !== '--'),
  )
  if (process.getBuiltinModule?.('node:sqlite') === undefined) {
    const program = {
      command: 'npx',
      args: ['-y', withSqlite, '--no-warnings', 'node_modules/vitest/vitest.mjs'],
      env: { SQLITE_DRIVER: 'node:sqlite' },
    }
    await suite(`stores on node:sqlite (${withSqlite})`, ['sqlite/'], program)
  }
  await suite('the packed tarballs', ['--config', 'dist/vitest.config.ts'])
  process.stdout.write('\n')
  for (const entry of await programs()) await check(entry)
}

await runAll()
if (failures.length > 0) process.stdout.write(`\nFailed:\n${failures.map((name) => `  ${name}\n`).join('')}`)
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`)
process.exitCode = totals.failed === 0 ? 0 : 1
