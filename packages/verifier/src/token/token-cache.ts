import { hash } from 'node:crypto'
import type { Auth, KeySet, RevocationQuery } from '@countersign/core'
import type { TrustedIssuer } from '../issuers/trust.js'
import type { Belief } from '../opaque/opaque-tokens.js'
import type { Verdict } from './verdict.js'

/** What all checks of a token came to. */
export interface FoundToken {
  readonly auth: Auth
  readonly trusted: TrustedIssuer
  readonly set: KeySet
  /** One for each `iss` under which the token may have been revoked. */
  readonly queries: readonly RevocationQuery[]
  /** For how long a token is believed of which its source told; undefined for one that was verified by a signature. */
  readonly believed?: Belief | undefined
}

/** What is remembered of a verified token. On every hit, `verifyAgain` of `verify-token.ts` checks again everything that can change. */
export interface VerifiedToken extends FoundToken {
  /** The answer to a hit, made once. */
  readonly hit: Verdict & { readonly ok: true }
}

/** Bounds of the cache. Both hold together. */
export interface CacheOptions {
  /** @defaultValue 10000 */
  readonly maxEntries?: number
  /** Estimated bytes of memory. @defaultValue 33554432 (32 MiB) */
  readonly maxBytes?: number
}

/** Verified tokens by SHA-256 of the whole token: no bearer is kept in memory. */
export interface TokenCache {
  get(digest: string): VerifiedToken | undefined
  set(digest: string, verified: VerifiedToken): void
  delete(digest: string): void
}

/** What a token is known by: SHA-256, so that no bearer is kept in memory. */
export function tokenDigest(token: string): string {
  return hash('sha256', token, 'binary')
}

/** What an entry holds beside its claims: objects, map slots and the digest. */
const entryBytes = 1000

/** What claims occupy, about, and rather more than less. Beyond `most` it stops counting: what a schema puts out may have cycles. */
function bytesOf(claims: object, most: number): number {
  const rest: unknown[] = [claims]
  let bytes = entryBytes
  while (rest.length > 0 && bytes <= most) {
    const value = rest.pop()
    if (typeof value === 'string') bytes += 24 + 2 * value.length
    else if (typeof value === 'number') bytes += 24
    else if (typeof value === 'object' && value !== null) {
      const names = Array.isArray(value) ? 0 : Object.keys(value).join('').length
      const values = Object.values(value)
      bytes += 64 + 2 * names + (names === 0 ? 8 : 56) * values.length
      for (const inner of values) rest.push(inner)
    }
  }
  return bytes
}

/**
 * Two generations: hits in the old one move to the young one, and a full young one becomes the old one. It costs a hit
 * one look-up, and keeps what was used lately.
 */
export function createTokenCache(options: CacheOptions): TokenCache {
  const { maxEntries = 10_000, maxBytes = 32 * 1024 * 1024 } = options
  const generation = { entries: Math.ceil(maxEntries / 2), bytes: Math.ceil(maxBytes / 2) }
  type Slot = { readonly verified: VerifiedToken; readonly bytes: number }
  const state = { young: new Map<string, Slot>(), old: new Map<string, Slot>(), bytes: 0 }

  function put(digest: string, slot: Slot): void {
    const replaced = state.young.get(digest)
    if (replaced) state.bytes -= replaced.bytes
    else if (state.young.size >= generation.entries || state.bytes + slot.bytes > generation.bytes) {
      state.old = state.young
      state.young = new Map()
      state.bytes = 0
    }
    state.young.set(digest, slot)
    state.bytes += slot.bytes
  }

  return {
    get(digest) {
      const young = state.young.get(digest)
      if (young) return young.verified
      const old = state.old.get(digest)
      if (old === undefined) return undefined
      state.old.delete(digest)
      put(digest, old)
      return old.verified
    },
    set(digest, verified) {
      const bytes = bytesOf(verified.auth.claims, generation.bytes)
      if (bytes <= generation.bytes) put(digest, { verified, bytes })
    },
    delete(digest) {
      const young = state.young.get(digest)
      if (young) state.bytes -= young.bytes
      state.young.delete(digest)
      state.old.delete(digest)
    },
  }
}
