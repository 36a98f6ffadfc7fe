import { type AttemptStore, kind, lengthPrefixed, type Now, type OptionKind, orUnavailable } from '@countersign/core'
import { isClientId } from '../clients/record/client.js'
import { refused, type TokenRefused } from '../refusal.js'
import { attemptKey, type Budget, budgetKind, budgetsOf } from './budget.js'
import { createFailureBudgets, type FailureBudgets } from './failure-budgets.js'

/** Budgets of a token endpoint. */
export interface RateLimits {
  /** Of all requests, per address and client. @defaultValue 20000 in 60 s */
  readonly requests?: Budget
  /**
   * Of failed authentications, per address and client; requests in flight count until they turn out right. Secrets of the server's own making
   * cannot be guessed at any rate: lower it where others were taken over. @defaultValue 10000 in 60 s
   */
  readonly failures?: Budget
  /**
   * Of failed authentications from one address, whichever clients are tried. A client that authenticated itself from there in the last
   * 30 days is not concerned. @defaultValue 2000 in 600 s
   */
  readonly failuresOfAddress?: Budget
  /**
   * Of wrong secrets of one client, from all addresses that it never used in the last 30 days. Assertions that a client signs cannot be
   * guessed: they are neither counted here nor refused. @defaultValue 20000 in 600 s
   */
  readonly failuresOfClient?: Budget
  /** Of bodies from one address that cannot be read: malformed, too long, of another media type. @defaultValue 1000 in 60 s */
  readonly unreadable?: Budget
}

const defaults: Required<RateLimits> = {
  requests: { limit: 20_000, windowSeconds: 60 },
  failures: { limit: 10_000, windowSeconds: 60 },
  failuresOfAddress: { limit: 2_000, windowSeconds: 600 },
  failuresOfClient: { limit: 20_000, windowSeconds: 600 },
  unreadable: { limit: 1_000, windowSeconds: 60 },
}

/** What the option `rateLimits` must be. */
export const rateLimitsKind: OptionKind = kind.either(
  kind.exactly(false),
  kind.members<RateLimits>({
    requests: budgetKind,
    failures: budgetKind,
    failuresOfAddress: budgetKind,
    failuresOfClient: budgetKind,
    unreadable: budgetKind,
  }),
)

/** An address and a client id need no hiding; what is not a client id is hashed all the same. */
function requestKey(purpose: string, address: string, clientId: string): string {
  if (clientId !== '' && !isClientId(clientId)) return attemptKey(purpose, address, clientId)
  return `${purpose}:${lengthPrefixed(address)}${clientId}`
}

/** A request, as far as limits are concerned. */
interface LimitedRequest {
  readonly address: string
  /** The client that it names; it need not be known. */
  readonly clientId: string
  /** A secret can be guessed: it is counted before it is looked at. */
  readonly isGuess: boolean
  /** Something is presented that proves who the client is. A public client proves nothing, and cannot fail. */
  readonly isProof: boolean
}

/** Watches requests. */
interface Limiter {
  /** Asked before the body is read. */
  beforeReading(address: string, hasCredentials: boolean): Promise<TokenRefused | undefined>
  /** The body could not be read. */
  unreadable(address: string): Promise<void>
  /** Reserves before anything is checked, so that parallel guesses cannot pass. */
  reserve(request: LimitedRequest): Promise<Reserved | TokenRefused>
}

/** A request that may be answered. */
export interface Reserved {
  readonly ok: true
  /** The authentication was right: it was no failure. */
  succeeded(): Promise<void>
  /** The authentication was wrong. */
  failed(): Promise<void>
}

const nothing = async (): Promise<undefined> => undefined
const unlimited: Limiter = {
  beforeReading: nothing,
  unreadable: nothing,
  reserve: async () => ({ ok: true, succeeded: nothing, failed: nothing }),
}

/** What {@link createLimiter} needs. */
interface LimiterOptions {
  readonly attempts: AttemptStore
  readonly limits: RateLimits | false
  /** Whose requests are counted; failures count together, wherever they happen. @defaultValue 'token' */
  readonly endpoint?: string
  readonly now: Now
}

/** Watches requests by limits that {@link rateLimitsKind} checked. */
export function createLimiter({ attempts, limits, endpoint = 'token', now }: LimiterOptions): Limiter {
  if (limits === false) return unlimited
  const budgets = budgetsOf(defaults, limits)
  const { failuresOfAddress: ofAddress, failuresOfClient: ofName, unreadable } = budgets
  const known = createFailureBudgets({ attempts, kind: 'client', ofAddress, ofName, now })
  const reading = createFailureBudgets({ attempts, kind: 'unreadable', ofAddress: unreadable, ofName: unreadable, now })
  const reserve = createReserve(attempts, budgets, endpoint)

  return {
    async beforeReading(address, hasCredentials) {
      return (await reading.refuseAddress(address)) ?? (hasCredentials ? known.refuseAddress(address) : undefined)
    },
    unreadable: (address) => reading.failed({ address, name: '' }),
    async reserve(request) {
      const refusal = request.isProof ? await known.refuse(attemptedBy(request)) : undefined
      if (refusal) return refusal
      const reserved = await reserve(request)
      return reserved.ok && request.isProof ? counted(reserved, request, known) : reserved
    },
  }
}

/** What came of a proof is counted for the address and for the client, too. */
function counted(reserved: Reserved, request: LimitedRequest, known: FailureBudgets): Reserved {
  const attempted = attemptedBy(request)
  return {
    ok: true,
    async succeeded() {
      known.succeeded(attempted)
      await reserved.succeeded()
    },
    failed: () => known.failed(attempted),
  }
}

/** A proof that is not a guess is signed. */
function attemptedBy({ address, clientId: name, isGuess }: LimitedRequest): Parameters<FailureBudgets['failed']>[0] {
  return { address, name, isSigned: !isGuess }
}

/** The budgets per address and client. */
function createReserve(
  attempts: AttemptStore,
  { requests, failures }: Required<RateLimits>,
  endpoint: string,
): (request: LimitedRequest) => Promise<Reserved | TokenRefused> {
  const take = (key: string, { limit, windowSeconds }: Budget): ReturnType<AttemptStore['reserve']> =>
    orUnavailable(attempts.reserve({ key, limit, windowMs: windowSeconds * 1000 }))

  return async ({ address, clientId, isGuess }) => {
    const key = requestKey('token-failures', address, clientId)
    const [request, failure] = await Promise.all([
      take(requestKey(`${endpoint}-requests`, address, clientId), requests),
      isGuess ? take(key, failures) : undefined,
    ])
    if (!request.ok) return refused('too_many_requests', { retryAfterSeconds: Math.ceil(request.retryAfterMs / 1000) })
    if (failure?.ok === false) return refused('too_many_failures', { retryAfterSeconds: Math.ceil(failure.retryAfterMs / 1000) })
    return {
      ok: true,
      failed: nothing,
      async succeeded() {
        // Not every time: it is one more round trip.
        if (failure && failure.remaining * 2 < failures.limit) await orUnavailable(attempts.clear(key))
      },
    }
  }
}
