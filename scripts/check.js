import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds the workspace. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * @typedef {{ name: string, command: string, args: readonly string[], cwd?: string, env?: Readonly<Record<string, string>> }} Check
 */

/** What the gate looks at without running our code. The type check needs a build. @type {readonly Check[]} */
export const staticChecks = [
  { name: 'types of the tests', command: 'tsc', args: ['-p', 'test', '--noEmit'] },
  { name: 'format and lint (biome)', command: 'biome', args: ['check', '.', '--error-on-warnings'] },
  { name: 'typed lint (oxlint)', command: 'oxlint', args: ['--deny-warnings', '--format=unix'] },
  { name: 'unused exports, files and dependencies (knip)', command: 'knip', args: ['--no-progress'] },
]

/** @type {Check} */
export const build = { name: 'build', command: 'tsc', args: ['--build'] }

/**
 * Starts a program of the workspace.
 *
 * @param {Omit<Check, 'name'>} program
 * @param {'inherit' | 'pipe'} output - pipe collects it
 * @param {number} limitSeconds - after which it is ended and counts as failed
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run({ command, args, cwd = root, env = {} }, output = 'inherit', limitSeconds = 1_200) {
  const path = [join(cwd, 'node_modules/.bin'), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  const plain = process.stdout.isTTY ? {} : { NO_COLOR: '1' }
  const child = spawn(command, args, { cwd, env: { ...process.env, ...plain, ...env, PATH: path }, stdio: ['ignore', output, output] })
  /** @type {Buffer[]} */
  const chunks = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => chunks.push(chunk))
  return new Promise((resolve) => {
    const end = (code, note = '') => {
      clearTimeout(limit)
      resolve({ code, output: Buffer.concat(chunks).toString() + note })
    }
    const limit = setTimeout(() => {
      child.kill()
      for (const stream of [child.stdout, child.stderr]) stream?.destroy()
      end(1, `ended after ${limitSeconds} s\n`)
    }, limitSeconds * 1_000)
    child.on('error', (error) => end(1, `${error.message}\n`))
    child.on('close', (code) => end(code ?? 1))
  })
}

/**
 * Runs a check and says how it went; its output is shown only if it fails.
 *
 * @param {Check} check
 * @returns {Promise<boolean>}
 */
export async function passes(check) {
  const startedAt = performance.now()
  const { code, output } = await run(check, 'pipe', 300)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'}  ${check.name}  ${seconds} s\n${code === 0 ? '' : `${output.trimEnd()}\n`}`)
  return code === 0
}
