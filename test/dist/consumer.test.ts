import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { runProgram } from './program.js'
import { specifiersOf } from './specifiers.js'

const packed = inject('packed')
const consumer = inject('consumer')

describe.each(packed.flatMap(specifiersOf))('%s', (specifier) => {
  const load = async (type: 'module' | 'commonjs', code: string): Promise<unknown> =>
    JSON.parse(
      await runProgram(
        consumer,
        'node',
        '--no-warnings',
        `--input-type=${type}`,
        '-e',
        `console.log(JSON.stringify(Object.keys(${code}).sort()))`,
      ),
    )

  test('gives the same names by import and by require', async () => {
    const imported = await load('module', `await import('${specifier}')`)
    expect(imported).not.toEqual([])
    expect(await load('commonjs', `require('${specifier}')`)).toEqual(imported)
  })
})

describe('an app that installed the tarballs', () => {
  test('compiles the examples of the documents, an ES module and a CommonJS one, and every declaration with them', async () => {
    expect(readdirSync(consumer).filter((name) => name.startsWith('README.md--'))).toHaveLength(2)
    await expect(runProgram(consumer, 'tsc', '-p', '.')).resolves.toBe('')
  })

  test('may have two copies of core that understand each other', async () => {
    const second = packed.find(({ name }) => name === '@countersign/core')?.folder ?? ''
    const seen: unknown = JSON.parse(await runProgram(consumer, 'node', 'two-copies.js', join(second, 'dist/index.js')))
    expect(seen).toEqual({
      areTwo: true,
      refusalKnown: true,
      outageKnown: true,
      admitted: { ok: true },
      requirement: { reason: 'insufficient_scope', status: 403 },
      refusal: { reason: 'revoked_token', status: 401 },
      claims: { reason: 'insufficient_authentication', status: 401 },
      outage: { reason: 'revocation_unavailable', status: 503, retryAfter: '7' },
    })
  })
})
