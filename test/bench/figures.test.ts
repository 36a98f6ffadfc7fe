import { expect, test } from 'vitest'
import { read } from '../structure/workspace.js'

interface Row {
  readonly bench: string
  readonly subject: string
  readonly alg: string
  readonly ratio: number | null
}

const { command, results } = JSON.parse(read('bench/results/guards.json')) as { readonly command: string; readonly results: readonly Row[] }

function ratio(bench: string, subject: string, alg = 'RS256'): string {
  const found = results.find((row) => row.bench === bench && row.subject === subject && row.alg === alg)
  return typeof found?.ratio === 'number' ? found.ratio.toFixed(2) : '–'
}

/** The cells of the row that begins with these cells, below a line of the page. */
function cellsOf(page: string, after: string, ...first: readonly string[]): readonly string[] {
  const text = read(page)
  const start = text.indexOf(after)
  if (start === -1) throw new Error(`${page} has no line with ${after}`)
  const prefix = `| ${first.join(' | ')} | `.replace('|  |', '| |')
  const line = text
    .slice(start)
    .split('\n')
    .find((row) => row.startsWith(prefix))
  return (line ?? '')
    .slice(prefix.length)
    .split('|')
    .map((cell) => cell.trim())
}

test.each([
  ['countersign, `createVerifier`', 'countersign'],
  ['countersign, the functions of `@countersign/jwt`', 'countersign jwt'],
  ['fast-jwt 6.3.6', 'fast-jwt'],
  ['jsonwebtoken 9.0.3', 'jsonwebtoken'],
  ['aws-jwt-verify 5.2.1', 'aws-jwt-verify'],
  ['jose 6.2.17', 'jose'],
])('docs/performance.md quotes cold verification by %s as it was measured', (label, subject) => {
  const measured = ['RS256', 'ES256', 'EdDSA', 'HS512'].map((alg) => ratio('verify-cold', subject, alg))
  expect(cellsOf('docs/performance.md', '| `verify-cold` |', label).slice(0, 4)).toEqual(measured)
})

test.each([
  ['guard-koa', 'SHA-256 alone', 'bare SHA-256'],
  ['guard-koa', 'countersign, cache on', 'countersign cached'],
  ['guard-koa', 'countersign, cache off', 'countersign cold'],
  ['guard-koa', 'aws-jwt-verify', 'aws-jwt-verify'],
  ['guard-koa', 'koa-jwt 4.0.4 with a `KeyObject`', 'koa-jwt, KeyObject'],
  ['guard-koa', 'jose', 'jose'],
  ['guard-koa', 'koa-jwt 4.0.4 with jwks-rsa 4.1.0', 'koa-jwt, jwks-rsa'],
  ['guard-express', 'countersign, cache off', 'countersign cold'],
  ['guard-express', 'aws-jwt-verify', 'aws-jwt-verify'],
  ['guard-express', 'jose', 'jose'],
  ['guard-express', 'express-oauth2-jwt-bearer 1.10.0', 'express-oauth2-jwt-bearer'],
])('docs/performance.md quotes %s, %s as it was measured', (bench, label, subject) => {
  expect(cellsOf('docs/performance.md', `| \`${bench}\`: `, '', label)[0]).toBe(ratio(bench, subject))
})

test('docs/performance.md quotes the first row of each framework as it was measured', () => {
  const koa = '`guard-koa`: requests that an app with a router keeps, 1000 tokens in turn'
  expect(cellsOf('docs/performance.md', '| `guard-koa`: ', koa, '`crypto.verify` alone')[0]).toBe(ratio('guard-koa', 'bare crypto.verify'))
  const express = '`guard-express`: the same for Express'
  expect(cellsOf('docs/performance.md', '| `guard-express`: ', express, 'countersign, cache on')[0]).toBe(
    ratio('guard-express', 'countersign cached'),
  )
})

test.each([
  ['nobody listens, measured a second time', 'guarded, again'],
  ['`prometheus()`', 'guarded, prom-client'],
  ['`instrument()`, with spans', 'guarded, OpenTelemetry'],
])('docs/observability.md quotes %s as it was measured', (label, subject) => {
  const measured = ['express', 'koa'].map((framework) => ratio(`observability-${framework}`, subject))
  expect(cellsOf('docs/observability.md', '### What it costs', label).slice(0, 2)).toEqual(measured)
})

test('the pages name the command that measured', () => {
  for (const page of ['docs/performance.md', 'docs/observability.md'])
    expect(read(page)).toContain(`\`${command} --json bench/results/guards.json\``)
})
