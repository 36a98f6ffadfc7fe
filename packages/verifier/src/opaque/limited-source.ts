import { addressBlock, asUnavailable, type Now, type OutageReason, type Refusal, Unavailable } from '@countersign/core'
import type { ParsedClaims } from '@countersign/jwt'
import { NotAsked } from './not-asked.js'
import type { OpaqueClaims, OpaqueSource, OpaqueToken } from './opaque-tokens.js'
import { createQuestionPlaces, type QuestionLimits } from './question-limits.js'
import { createRecentEntries } from './recent-entries.js'

/** What a question brought: what the token says, or why it is refused. */
export type Found =
  | (Pick<OpaqueClaims, 'claims' | 'credentialId'> & {
      /** False: it may change without a word, so it is not believed for longer than this moment. */
      readonly isLasting?: boolean
    })
  | { readonly refusal: Refusal }

/** How tokens are asked about. Times in milliseconds. */
export interface LimitedSourceOptions {
  /** Asks about one token. What it rejects with is an outage. */
  readonly request: (token: string) => Promise<Found>
  /** Asks nothing about anybody's token, and rejects if no answer can be had. */
  readonly probe: () => Promise<unknown>
  readonly close: () => void
  readonly outage: OutageReason
  /** Names the source in messages. */
  readonly name: string
  readonly cacheMs: number
  readonly negativeCacheMs: number
  readonly staleMs: number
  readonly limits: QuestionLimits
  readonly now: Now
  /** Tells of a question, with the milliseconds that it took. */
  readonly report?: (outcome: 'active' | 'inactive' | 'failed' | 'limited', durationMs: number, cause?: unknown) => void
}

/** Tokens that were refused lately, of each of two generations. */
const mostRefused = 10_000
/** For so long an answer shows that a source works. */
const provenMs = 60_000

/** What is remembered of a token that was refused. */
interface Refused {
  readonly refusal: Refusal
  /** Epoch milliseconds. */
  readonly at: number
}

const expiryOf = ({ exp }: ParsedClaims): number => (exp ?? 0) * 1000

/** A source that is asked about one token once at a time, within limits, and that remembers refusals for a moment. */
export function createLimitedSource(options: LimitedSourceOptions): OpaqueSource {
  const { outage, cacheMs, negativeCacheMs, staleMs, now, report, name } = options
  const places = createQuestionPlaces(options.limits, now)
  const refusals = createRecentEntries<Refused>(mostRefused)
  const questions = new Map<string, Promise<OpaqueClaims | Refusal>>()
  const state = { foundAt: Number.NEGATIVE_INFINITY }

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

  async function request(token: string): Promise<Found> {
    try {
      const found = await options.request(token)
      state.foundAt = now()
      return found
    } catch (cause) {
      throw asUnavailable(cause, outage)
    }
  }

  async function find({ token, digest, address }: OpaqueToken): Promise<OpaqueClaims | Refusal> {
    const startedAt = performance.now()
    const since = (): number => performance.now() - startedAt
    const place = places.enter(digest, address === undefined ? undefined : addressBlock(address))
    if (place === undefined) {
      report?.('limited', since())
      throw new Unavailable(outage, { cause: new Error(`too many questions to ${name}`) })
    }
    // From the question on: what the answer says may have changed since.
    const requestedAt = now()
    let isActive: boolean | undefined
    try {
      const found = await request(token)
      isActive = 'claims' in found
      report?.(isActive ? 'active' : 'inactive', since())
      if ('refusal' in found) return remember(digest, found.refusal)
      const { isLasting = true, ...said } = found
      const believedUntil = isLasting ? Math.min(expiryOf(said.claims), requestedAt + cacheMs) : requestedAt
      return { ...said, requestedAt, believedUntil, staleUntil: believedUntil + staleMs }
    } catch (error) {
      report?.('failed', since(), error)
      throw error
    } finally {
      place.leave(isActive)
    }
  }

  return {
    find(presented) {
      const { digest, record } = presented
      const refusal = refusedLately(digest)
      if (refusal) return refusal
      const running = questions.get(digest)
      if (running) return running
      if (!record) throw new Unavailable(outage, { cause: new NotAsked(`a verdict that does not count needs no question to ${name}`) })
      const question = find(presented).finally(() => questions.delete(digest))
      questions.set(digest, question)
      return question
    },
    refused: remember,
    async ready() {
      const age = now() - state.foundAt
      if (age >= 0 && age < provenMs) return
      await options.probe()
      state.foundAt = now()
    },
    close: options.close,
  }
}
