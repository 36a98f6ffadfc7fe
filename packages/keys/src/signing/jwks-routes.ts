import { createHash } from 'node:crypto'
import { headerField, type Now, type Reply, type RouteTable, type WireRequest } from '@countersign/core'
import type { OwnRing } from './active-signer.js'
import { type KeyTimes, nextTransition, type OwnKey, verifies } from './signing-key.js'

/** How long after a revocation the document asks to be fetched again soon. */
const shortAfterRevocationSeconds = 3600
const shortMaxAgeSeconds = 15

/** Members that a public key has (RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2); no other one ever leaves. */
const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e']

function cacheControl(keys: readonly OwnKey[], times: KeyTimes, now: number): string {
  // The first key signs at once: nobody may keep a set without it.
  if (!keys.some((key) => verifies(key, times, now))) return 'no-store'
  const revokedLately = keys.some(({ revokedAt }) => revokedAt !== undefined && now - revokedAt < shortAfterRevocationSeconds)
  const longest = Math.min(times.jwksMaxAgeSeconds, revokedLately ? shortMaxAgeSeconds : Number.POSITIVE_INFINITY)
  const maxAge = Math.floor(Math.min(longest, nextTransition(keys, times, now) - now))
  return `public, max-age=${maxAge}, must-revalidate`
}

/** The keys that verify, as a JWK Set (RFC 7517 §5). */
function documentOf(keys: readonly OwnKey[], times: KeyTimes, now: number): string {
  const published = keys.filter((key) => verifies(key, times, now))
  return JSON.stringify({
    keys: published.map(({ publicJwk, kid, algorithm: alg }) => ({
      ...Object.fromEntries(Object.entries(publicJwk).filter(([name]) => publicMembers.includes(name))),
      kid,
      alg,
      use: 'sig',
    })),
  })
}

/** RFC 9110 §13.1.2: a weak comparison. */
function isKnown(request: WireRequest, etag: string): boolean {
  const field = headerField(request, 'if-none-match')
  const known = typeof field === 'string' ? field : (field?.join(',') ?? '')
  return known.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}

/**
 * Serves the JWK Set at `path`, as the store has it: a set out of date would let a rotation pass that verifiers cannot know of.
 */
export function jwksRoutes(
  path: string,
  { ring, times, now }: { readonly ring: OwnRing; readonly times: KeyTimes; readonly now: Now },
): RouteTable {
  async function endpoint(request: WireRequest): Promise<Reply> {
    const { keys } = await ring.fresh()
    const seconds = now() / 1000
    const body = documentOf(keys, times, seconds)
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
    const headers = { etag, 'cache-control': cacheControl(keys, times, seconds) }
    if (isKnown(request, etag)) return { status: 304, headers }
    return { status: 200, headers: { ...headers, 'content-type': 'application/jwk-set+json' }, body }
  }
  return [{ method: 'GET', path, endpoint }]
}
