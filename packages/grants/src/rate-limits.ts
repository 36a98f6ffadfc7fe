import { createHash } from 'node:crypto'
import type { AttemptStore } from '@countersign/core'
import { isClientId } from './client.js'
import { reachable } from './client-record.js'
import { refused, type TokenRefused } from './token-refusal.js'

/** So many attempts in a window that begins with the first. */
export interface Budget {
  readonly limit: number
  readonly windowSeconds: number
}

/** Budgets of a token endpoint, each per address and client. */
export interface RateLimits {
  /** Of all requests. @defaultValue 20000 in 60 s */
  readonly requests?: Budget
  /**
   * Of failed authentications of a client; requests in flight count until they turn out right. Secrets of the server's own making
   * cannot be guessed at any rate: lower it where others were taken over. @defaultValue 10000 in 60 s
   */
  readonly failures?: Budget
}

const defaults: Required<RateLimits> = {
  requests: { limit: 20_000, windowSeconds: 60 },
  failures: { limit: 10_000, windowSeconds: 60 },
}

/** Parts with their lengths, hashed: what is sent by anybody is neither joined nor kept as it is. */
export function attemptKey(purpose: string, ...parts: readonly string[]): string {
  const text = parts.map((part) => `${part.length}:${part}`).join('')
  return `${purpose}:${createHash('sha256').update(text).digest('base64url')}`
}

/** An address and a client id need no hiding; what is no client id is hashed all the same. */
function requestKey(purpose: string, address: string, clientId: string): string {
  if (clientId !== '' && !isClientId(clientId)) return attemptKey(purpose, address, clientId)
  return `${purpose}:${address.length}:${address}${clientId}`
}

/** @throws TypeError for a budget that is none */
export function checkBudget(name: string, { limit, windowSeconds }: Budget): void {
  if (!(Number.isInteger(limit) && limit > 0 && Number.isFinite(windowSeconds) && windowSeconds > 0))
    throw new TypeError(`${name} is { limit, windowSeconds }, both positive`)
}

/** Watches one request. */
export interface Limiter {
  /** Reserves before anything is checked, so that parallel guesses cannot pass. */
  reserve(address: string, clientId: string, isGuess: boolean): Promise<Reserved | TokenRefused>
}

/** A request that may be answered. */
interface Reserved {
  readonly ok: true
  /** Call it when the authentication was right: it was no failure. */
  succeeded(): Promise<void>
}

const reserved: Reserved = { ok: true, succeeded: async () => undefined }

/**
 * @param endpoint - whose requests are counted; wrong secrets count together, wherever they are tried
 * @throws TypeError for a budget that is none
 */
export function createLimiter(attempts: AttemptStore, limits: RateLimits | false, endpoint = 'token'): Limiter {
  if (limits === false) return { reserve: async () => reserved }
  const { requests, failures } = { ...defaults, ...limits }
  checkBudget('rateLimits.requests', requests)
  checkBudget('rateLimits.failures', failures)

  const take = (key: string, { limit, windowSeconds }: Budget): ReturnType<AttemptStore['reserve']> =>
    reachable(attempts.reserve({ key, limit, windowMs: windowSeconds * 1000 }))

  return {
    async reserve(address, clientId, isGuess) {
      const key = requestKey('token-failures', address, clientId)
      const [request, failure] = await Promise.all([
        take(requestKey(`${endpoint}-requests`, address, clientId), requests),
        isGuess ? take(key, failures) : undefined,
      ])
      if (!request.ok) return refused('too_many_requests', { retryAfterSeconds: Math.ceil(request.retryAfterMs / 1000) })
      if (failure === undefined) return reserved
      if (!failure.ok) return refused('too_many_failures', { retryAfterSeconds: Math.ceil(failure.retryAfterMs / 1000) })
      return {
        ok: true,
        async succeeded() {
          // Not every time: it is one more round trip.
          if (failure.remaining * 2 < failures.limit) await reachable(attempts.clear(key))
        },
      }
    },
  }
}
