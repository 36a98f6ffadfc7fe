import { setTimeout as sleep } from 'node:timers/promises'
import { createFakeIssuer, type FakeIssuer, testKeys } from '@countersign/testkit'
import { type Accepts, remoteVerifiers } from './jwks-subjects.js'
import type { Result } from './report.js'
import { issuer, makeTokens, pairKey } from './tokens.js'

const requests = 500
const first = pairKey('RS256', testKeys.rs256)
const second = pairKey('RS256', testKeys.rs256Other)

function startIssuer(): Promise<FakeIssuer> {
  return createFakeIssuer({ issuer, keys: [testKeys.rs256] })
}

/** Tokens that each name a key of their own, which nobody has. */
async function strangers(): Promise<readonly string[]> {
  const keys = Array.from({ length: requests }, (_, serial) => pairKey('RS256', { ...testKeys.rs256, kid: `unknown-${serial}` }))
  return Promise.all(keys.map(async (key) => (await makeTokens(key, 1))[0] ?? ''))
}

async function countAccepted(accepts: Accepts, tokens: readonly string[]): Promise<number> {
  return (await Promise.all(tokens.map(accepts))).filter(Boolean).length
}

function result(bench: string, subject: string, ops: number): Result {
  return { bench, subject, alg: 'RS256', ops, ratio: null, against: null }
}

async function fetchesOf(subject: string, create: (url: string) => Accepts, unknown: readonly string[]): Promise<readonly Result[]> {
  await using server = await startIssuer()
  const accepts = create(server.jwksUrl)
  const accepted = await countAccepted(accepts, await makeTokens(first, requests))
  if (accepted !== requests) throw new Error(`${subject} accepted ${accepted} of ${requests} good tokens`)
  const cold = server.fetches.jwks
  if ((await countAccepted(accepts, unknown)) > 0) throw new Error(`${subject} accepted a token of an unknown key`)
  return [result('jwks-fetches-cold', subject, cold), result('jwks-fetches-unknown-kids', subject, server.fetches.jwks - cold)]
}

/** Milliseconds from the publication of a key amid unknown kids until its tokens are accepted; Infinity if that takes too long. */
async function rotationOf(
  subject: string,
  { create, unknown, longestMs }: { create: (url: string) => Accepts; unknown: readonly string[]; longestMs: number },
): Promise<Result> {
  await using server = await startIssuer()
  const accepts = create(server.jwksUrl)
  await countAccepted(accepts, await makeTokens(first, 1))
  const [rotated = ''] = await makeTokens(second, 1)
  const storm = countAccepted(accepts, unknown)
  await sleep(5)
  server.addKey(testKeys.rs256Other)
  const publishedAt = performance.now()
  const waited = (): number => performance.now() - publishedAt
  let isAccepted = await accepts(rotated)
  while (!isAccepted && waited() < longestMs) {
    await sleep(10)
    isAccepted = await accepts(rotated)
  }
  const ms = isAccepted ? waited() : Number.POSITIVE_INFINITY
  await storm
  return result('jwks-rotation-ms', subject, ms)
}

/** How often the keys are fetched for 500 first requests and for 500 unknown kids, and how soon a new key is known. */
export async function jwksBench(longestMs: number): Promise<readonly Result[]> {
  const unknown = await strangers()
  const results: Result[] = []
  for (const [subject, create] of Object.entries(remoteVerifiers)) results.push(...(await fetchesOf(subject, create, unknown)))
  const rotations = Object.entries(remoteVerifiers).map(([subject, create]) => rotationOf(subject, { create, unknown, longestMs }))
  return [...results, ...(await Promise.all(rotations))].sort((a, b) => a.bench.localeCompare(b.bench))
}
