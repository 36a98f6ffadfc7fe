import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { prometheus } from '@countersign/opentelemetry/prometheus'
import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'

const run = promisify(execFile)
const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const rules = pathOf('../../docs/observability/alerts.yaml')
const promtool = process.env.PROMTOOL ?? 'promtool'

function isInstalled(): boolean {
  try {
    execFileSync(promtool, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const canEvaluate = isInstalled()
const isDemanded = process.env.CI === 'true'

/** Runs promtool; its output is the message of the error. */
async function check(...args: readonly string[]): Promise<string> {
  try {
    return (await run(promtool, args)).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string }
    throw new Error(`promtool ${args.join(' ')}\n${stdout}${stderr}`, { cause: error })
  }
}

describe.skipIf(!(canEvaluate || isDemanded))('alert rules (need promtool: install prometheus, or set PROMTOOL)', () => {
  it('are rules', async () => {
    expect(await check('check', 'rules', rules)).toContain('SUCCESS: 8 rules found')
  })

  it('fire for their faults, and not for usual traffic', async () => {
    expect(await check('test', 'rules', pathOf('alerts.yaml'))).toContain('SUCCESS')
  })
})

describe.each(['alerts.yaml', 'dashboard.json'])('%s', (file) => {
  it('reads metrics that exist', async () => {
    const register = new Registry()
    onTestFinished(prometheus({ register }))
    const known = (await register.getMetricsAsJSON()).map(({ name }) => name)
    const text = readFileSync(pathOf(`../../docs/observability/${file}`), 'utf8')
    const used = new Set([...text.matchAll(/countersign_\w+/g)].map(([name]) => name.replace(/_bucket$/, '')))
    expect(used.size).toBeGreaterThan(5)
    expect([...used].filter((name) => !known.includes(name))).toEqual([])
  })
})
