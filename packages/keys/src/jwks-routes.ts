import { createHash } from 'node:crypto'
import { jsonReply, type Now, type Reply, type RouteTable, type WireRequest } from '@countersign/core'
import { type KeyTimes, nextTransition, type OwnKey, ownKeyState } from './own-key.js'
import type { Ring } from './ring.js'

/** How long after a revocation the document asks to be fetched again soon. */
const shortAfterRevocationSeconds = 3600
const shortMaxAgeSeconds = 15

function maxAge(keys: readonly OwnKey[], times: KeyTimes, now: number): number {
  const transitions = keys.map((key) => nextTransition(key, times, now) ?? Number.POSITIVE_INFINITY)
  const revokedLately = keys.some((key) => key.revokedAt !== undefined && now - key.revokedAt < shortAfterRevocationSeconds)
  const longest = Math.min(times.jwksMaxAgeSeconds, revokedLately ? shortMaxAgeSeconds : Number.POSITIVE_INFINITY)
  return Math.max(1, Math.floor(Math.min(longest, Math.min(...transitions) - now)))
}

/** The public members of keys that verify, as a JWK Set (RFC 7517 §5). */
function documentOf(keys: readonly OwnKey[], times: KeyTimes, now: number): string {
  const published = keys.filter((key) => !['retired', 'revoked'].includes(ownKeyState(key, times, now)))
  return JSON.stringify({ keys: published.map((key) => ({ ...key.publicJwk, kid: key.kid, alg: key.algorithm, use: 'sig' })) })
}

function isKnown(request: WireRequest, etag: string): boolean {
  const field = request.headers['if-none-match']
  const known = typeof field === 'string' ? field : (field?.join(',') ?? '')
  return known.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}

/** Serves the JWK Set at `path`. */
export function jwksRoutes(path: string, ring: () => Promise<Ring<OwnKey>>, times: KeyTimes, now: Now): RouteTable {
  async function endpoint(request: WireRequest): Promise<Reply> {
    const { keys } = await ring()
    const seconds = now() / 1000
    const body = documentOf(keys, times, seconds)
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
    const headers = { etag, 'cache-control': `public, max-age=${maxAge(keys, times, seconds)}, must-revalidate` }
    if (isKnown(request, etag)) return { status: 304, headers }
    return { ...jsonReply(200, {}, { ...headers, 'content-type': 'application/jwk-set+json' }), body }
  }
  return [{ method: 'GET', path, endpoint }]
}
