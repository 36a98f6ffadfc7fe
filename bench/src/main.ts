import { parseArgs } from 'node:util'
import { assemblyBench } from './assembly-bench.js'
import { durabilityBench } from './durability-bench.js'
import { grantsBench } from './grants-bench.js'
import { guardBench } from './guard-bench.js'
import { jwksBench } from './jwks-bench.js'
import { nonceBench } from './nonce-bench.js'
import { nonceMemoryBench } from './nonce-memory-bench.js'
import { postgresBench } from './postgres-bench.js'
import { refreshBench } from './refresh-bench.js'
import { lines, type Result, type Target, table } from './report.js'
import { load, writeResults } from './results-file.js'
import { revocationViewBench } from './revocation-view-bench.js'
import { signBench } from './sign-bench.js'
import { signInTimingBench } from './sign-in-timing-bench.js'
import { sqliteBench } from './sqlite-bench.js'
import { storesBench } from './stores-bench.js'
import { verifyCold, verifyHot } from './verify-bench.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' }, nodes: { type: 'string' } },
})
const { quick, json, nodes } = values

const benches: Readonly<Record<string, () => Promise<readonly Result[]>>> = {
  'verify-cold': () => verifyCold(quick ? { rounds: 5, sliceMs: 3 } : { rounds: 401, sliceMs: 3 }),
  'verify-hot': () => verifyHot(quick ? { rounds: 5, sliceMs: 3 } : { rounds: 401, sliceMs: 3 }),
  sign: () => signBench(quick ? { rounds: 5, sliceMs: 3 } : { rounds: 201, sliceMs: 3 }),
  'guard-koa': () => guardBench('guard-koa', quick ? { rounds: 2, sliceMs: 50 } : { rounds: 61, sliceMs: 80 }),
  'guard-express': () => guardBench('guard-express', quick ? { rounds: 2, sliceMs: 50 } : { rounds: 41, sliceMs: 80 }),
  'observability-express': () => guardBench('observability-express', quick ? { rounds: 2, sliceMs: 50 } : { rounds: 101, sliceMs: 80 }),
  'observability-koa': () => guardBench('observability-koa', quick ? { rounds: 2, sliceMs: 50 } : { rounds: 101, sliceMs: 80 }),
  assembly: () => assemblyBench(quick ? { rounds: 3, sliceMs: 30 } : { rounds: 201, sliceMs: 40 }),
  grants: () => grantsBench(quick ? { rounds: 2, sliceMs: 50 } : { rounds: 41, sliceMs: 80 }),
  refresh: () => refreshBench(quick ? { rounds: 3, sliceMs: 30 } : { rounds: 61, sliceMs: 60 }),
  timing: () => signInTimingBench(quick ? 100 : 2000),
  jwks: () => jwksBench(quick ? 1000 : 40_000),
  'stores-claim': () => storesBench(quick ? { rounds: 3, sliceMs: 30 } : { rounds: 101, sliceMs: 60 }),
  durability: () => durabilityBench(quick ? { rounds: 3, sliceMs: 30 } : { rounds: 61, sliceMs: 80 }),
  'postgres-claim': () => postgresBench(quick ? { rounds: 3, sliceMs: 30 } : { rounds: 61, sliceMs: 80 }),
  'sqlite-claim': () => sqliteBench(quick ? { rounds: 3, sliceMs: 30 } : { rounds: 61, sliceMs: 80 }),
  'nonce-memory': () => nonceMemoryBench(quick ? 10_000 : 1_000_000),
  'revocation-view': () => revocationViewBench(quick ? 10_000 : 1_000_000),
  nonce: () => nonceBench(quick ? { rounds: 3, sliceMs: 30 } : { rounds: 61, sliceMs: 60 }),
}

const targets: readonly Target[] = [
  { bench: 'verify-cold', subject: 'countersign', alg: 'RS256', least: 0.86 },
  { bench: 'verify-cold', subject: 'countersign', alg: 'ES256', least: 0.95 },
  { bench: 'verify-cold', subject: 'countersign', alg: 'EdDSA', least: 0.95 },
  { bench: 'verify-cold', subject: 'countersign', alg: 'HS512', least: 0.52 },
  { bench: 'verify-hot', subject: 'countersign', alg: 'RS256', least: 2.5 },
  { bench: 'guard-koa', subject: 'countersign cached', alg: 'RS256', least: 0.8 },
  { bench: 'observability-express', subject: 'guarded, prom-client', alg: 'RS256', least: 0.97 },
  { bench: 'observability-express', subject: 'guarded, OpenTelemetry', alg: 'RS256', least: 0.97 },
  { bench: 'grants', subject: 'countersign', alg: 'ES256', least: 0.9 },
  { bench: 'refresh-rotation', subject: 'countersign, the store alone', alg: '64 in flight', least: 0.6 },
  { bench: 'refresh-round-trips', subject: 'countersign, the store alone', alg: '64 in flight', most: 1 },
  { bench: 'refresh-round-trips', subject: 'countersign, the endpoint with its signature', alg: '64 in flight', most: 1 },
  { bench: 'jwks-fetches-cold', subject: 'countersign', alg: 'RS256', most: 1 },
  { bench: 'jwks-fetches-unknown-kids', subject: 'countersign', alg: 'RS256', most: 2 },
  { bench: 'jwks-rotation-ms', subject: 'countersign', alg: 'RS256', most: 3000 },
  { bench: 'stores-claim', subject: 'countersign', alg: '64 in flight', least: 0.7 },
  { bench: 'durability-changes', subject: "durability: 'wait'", alg: '64 in flight, a replica 2 ms away', least: 0.3 },
  { bench: 'durability-read-ms', subject: "durability: 'wait'", alg: '64 in flight, a replica 2 ms away', most: 2 },
  { bench: 'nonce-issue', subject: 'countersign, the store alone', alg: '64 in flight', least: 0.7 },
  { bench: 'nonce-spend', subject: 'countersign, the store alone', alg: '64 in flight', least: 0.7 },
  { bench: 'nonce-issue', subject: 'countersign', alg: '64 in flight', least: 0.7 },
  { bench: 'nonce-spend', subject: 'countersign', alg: '64 in flight', least: 0.7 },
  { bench: 'nonce-memory-mb', subject: 'countersign, short names', alg: '1000000 outstanding', most: 200 },
  { bench: 'nonce-memory-mb', subject: 'countersign, a long prefix and UUIDs as clients', alg: '1000000 outstanding', most: 200 },
  { bench: 'revocation-view-whole-ms', subject: 'Redis', alg: '1000000 entries', most: 10000 },
  { bench: 'revocation-view-slice-ms', subject: 'Redis', alg: '1000000 entries', most: 50 },
  { bench: 'revocation-view-rss-mb', subject: 'Redis', alg: '1000000 entries', most: 400 },
  { bench: 'revocation-view-whole-ms', subject: 'PostgreSQL', alg: '1000000 entries', most: 10000 },
  { bench: 'revocation-view-slice-ms', subject: 'PostgreSQL', alg: '1000000 entries', most: 50 },
  { bench: 'revocation-view-rss-mb', subject: 'PostgreSQL', alg: '1000000 entries', most: 400 },
]

const wanted = Object.keys(benches).filter((name) => positionals.length === 0 || positionals.some((part) => name.startsWith(part)))
const before = load()
const results: Result[] = []
for (const name of wanted) results.push(...((await benches[name]?.()) ?? []))
process.stdout.write(`Node ${process.version}\n\n${table(results, quick ? [] : targets)}\n\n${lines(results)}\n`)
// Figures of a quick run mean nothing: they replace none that a page quotes.
if (json !== undefined && !quick) await writeResults(json, results, [...positionals, ...(nodes ? ['--nodes', nodes] : [])], before)
