import { setMaxListeners } from 'node:events'
import { addressBlock, asUnavailable, eventChannel, type IntrospectedEvent, type Refusal, Unavailable } from '@countersign/core'
import type { SourceContext } from '@countersign/jwt/jwks'
import type { OpaqueClaims, OpaqueSource, OpaqueToken } from '../opaque/opaque-tokens.js'
import { type IntrospectionEndpoint, introspect } from './introspect.js'
import { createQuestionPlaces, type QuestionLimits } from './question-limits.js'
import { readClaims } from './read-claims.js'
import { createRecentEntries } from './recent-entries.js'

/** How the tokens of one entry are asked about. Times in milliseconds. */
export interface IntrospectedTokensOptions {
  readonly issuer: string
  readonly endpoint: Omit<IntrospectionEndpoint, 'closing'>
  readonly cacheMs: number
  readonly negativeCacheMs: number
  readonly staleMs: number
  readonly limits: QuestionLimits
}

const events = eventChannel('countersign:introspected')
/** Tokens that were refused lately, of each of two generations. */
const mostRefused = 10_000
/** For so long an answer shows that the endpoint works. */
const provenMs = 60_000

/** What is remembered of a token that was refused. */
interface Refused {
  readonly refusal: Refusal
  /** Epoch milliseconds. */
  readonly at: number
}

/** Asks an endpoint about tokens: one question for one token at a time, within the limits. */
export function createIntrospectedTokens(options: IntrospectedTokensOptions, { via, now }: SourceContext): OpaqueSource {
  const { issuer, cacheMs, negativeCacheMs, staleMs, limits } = options
  const closing = new AbortController()
  // One for every question in flight: by default Node warns of a leak at the eleventh.
  setMaxListeners(0, closing.signal)
  const endpoint = { ...options.endpoint, closing: closing.signal }
  const places = createQuestionPlaces(limits, now)
  const refusals = createRecentEntries<Refused>(mostRefused)
  const questions = new Map<string, Promise<OpaqueClaims | Refusal>>()
  const state = { answeredAt: Number.NEGATIVE_INFINITY }

  function publish(outcome: IntrospectedEvent['outcome'], startedAt: number, cause?: unknown): void {
    if (events.hasSubscribers)
      events.publish({ via, outcome, durationMs: performance.now() - startedAt, ...(cause !== undefined && { cause }) })
  }

  async function request(token: string): Promise<ReturnType<typeof readClaims>> {
    try {
      const read = readClaims(await introspect(token, endpoint), issuer)
      state.answeredAt = now()
      return read
    } catch (cause) {
      throw asUnavailable(cause, 'introspection_unavailable')
    }
  }

  function remember(digest: string, refusal: Refusal): Refusal {
    if (negativeCacheMs > 0) refusals.set(digest, { refusal, at: now() })
    return refusal
  }

  function refusedLately(digest: string): Refusal | undefined {
    const known = refusals.get(digest)
    if (known === undefined) return undefined
    const age = now() - known.at
    return age >= 0 && age < negativeCacheMs ? known.refusal : undefined
  }

  async function find({ token, digest, address }: OpaqueToken): Promise<OpaqueClaims | Refusal> {
    const startedAt = performance.now()
    const place = places.enter(digest, address === undefined ? undefined : addressBlock(address))
    if (place === undefined) {
      publish('limited', startedAt)
      throw new Unavailable('introspection_unavailable', { cause: new Error(`too many questions to the introspection endpoint of ${via}`) })
    }
    // From the question on: what the answer says may have changed since.
    const requestedAt = now()
    const state = { isActive: undefined as boolean | undefined }
    try {
      const read = await request(token)
      state.isActive = 'claims' in read
      publish(state.isActive ? 'active' : 'inactive', startedAt)
      if ('refusal' in read) return remember(digest, read.refusal)
      const { claims } = read
      const believedUntil = Math.min((claims.exp ?? 0) * 1000, requestedAt + cacheMs)
      return { claims, requestedAt, believedUntil, staleUntil: believedUntil + staleMs }
    } catch (error) {
      publish('failed', startedAt, error)
      throw error
    } finally {
      place.leave(state.isActive)
    }
  }

  return {
    find(presented) {
      const { digest, record } = presented
      const refusal = refusedLately(digest)
      if (refusal) return refusal
      const running = questions.get(digest)
      if (running) return running
      if (!record)
        throw new Unavailable('introspection_unavailable', {
          cause: new Error('nobody is asked about a token whose verdict does not count'),
        })
      const question = find(presented).finally(() => questions.delete(digest))
      questions.set(digest, question)
      return question
    },
    refused: remember,
    async ready() {
      const age = now() - state.answeredAt
      if (age >= 0 && age < provenMs) return
      // No token of anybody's: the answer shows that the endpoint knows this guard.
      await request('readiness')
    },
    close: () => closing.abort(new Error('the guard was closed')),
  }
}
