import { type AttemptStore, lengthPrefixed, type Now, orUnavailable } from '@countersign/core'
import { isClientId } from '../clients/record/client.js'
import { refused, type TokenRefused } from '../refusal.js'
import { attemptKey, type Budget, budgetsOf, type RateLimits, usualRateLimits } from './budget.js'
import { createInstantsByName } from './instants-by-name.js'

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
  const budgets = budgetsOf(usualRateLimits, limits)
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

/** Whom a failure is counted for. */
interface Attempted {
  /** A block of addresses; empty where it is not known, or where it stands for many people and must not count. */
  readonly address: string
  /** The client id or user name that was tried. */
  readonly name: string
  /** The proof is a signature, which cannot be guessed: the budget of the name is not concerned. @defaultValue false */
  readonly isSigned?: boolean
}

/** What {@link createFailureBudgets} needs. */
export interface FailureBudgetOptions {
  readonly attempts: AttemptStore
  /** What is counted: names of two kinds never meet. */
  readonly kind: string
  /** Failures from one address, for any client or user. */
  readonly ofAddress: Budget
  /** Failures at one name, from all addresses that never succeeded there. Undefined where somebody else counts them. */
  readonly ofName: Budget | undefined
  readonly now: Now
}

/**
 * Budgets of failures from one address alone, and at one name alone. They are counted after the failure, so that what succeeds costs
 * nothing. An address that succeeded at a name in the last 30 days is familiar there: neither budget refuses it, so that strangers alone
 * cannot lock an owner out.
 */
export interface FailureBudgets {
  /** Whether the address succeeded at the name in the last 30 days. */
  isFamiliar(attempted: Attempted): Promise<boolean>
  /** Asked before anything is read: undefined where nothing is known against the address. */
  refuseAddress(address: string): Promise<TokenRefused | undefined>
  /** Asked before a credential is looked at. */
  refuse(attempted: Attempted): Promise<TokenRefused | undefined>
  /** Counts a failure. Rejects with `Unavailable` when it cannot be counted. */
  failed(attempted: Attempted): Promise<void>
  /** Makes the address familiar. Nothing waits for it. */
  succeeded(attempted: Attempted): void
}

const familiarForMs = 30 * 86_400_000
/** So long this process relies on what it knows, before the store is told or asked again. */
const [knownForMs, unknownForMs] = [86_400_000, 10_000]
/** Only whether there is one counts. */
const anyNumber = 1_000_000_000

/** See {@link FailureBudgets}. */
export function createFailureBudgets({ attempts, kind, ofAddress, ofName, now }: FailureBudgetOptions): FailureBudgets {
  const blocked = createInstantsByName(now)
  const familiar = createInstantsByName(now)
  const strange = createInstantsByName(now)
  const addressKey = (address: string): string => attemptKey(`${kind}-failures-of-address`, address)
  const nameKey = (name: string): string => attemptKey(`${kind}-failures-of-name`, name)
  const familiarKey = (...parts: readonly string[]): string => attemptKey(`${kind}-familiar`, ...parts)

  async function isFamiliar(...parts: readonly string[]): Promise<boolean> {
    const key = familiarKey(...parts)
    if (familiar.get(key) > 0) return true
    if (strange.get(key) > 0) return false
    const isKnown = (await orUnavailable(attempts.used(key))) > 0
    if (isKnown) familiar.set(key, now() + knownForMs)
    else strange.set(key, now() + unknownForMs)
    return isKnown
  }

  function refusalUntil(until: number): TokenRefused {
    return refused('too_many_failures', { retryAfterSeconds: Math.max(1, Math.ceil((until - now()) / 1000)) })
  }

  async function count(key: string, { limit, windowSeconds }: Budget): Promise<void> {
    const verdict = await orUnavailable(attempts.reserve({ key, limit, windowMs: windowSeconds * 1000 }))
    if (!verdict.ok) blocked.set(key, now() + verdict.retryAfterMs)
  }

  async function remember(key: string): Promise<void> {
    familiar.set(key, now() + knownForMs)
    await attempts.reserve({ key, limit: anyNumber, windowMs: familiarForMs })
  }

  async function refuseAddress(address: string): Promise<TokenRefused | undefined> {
    const until = address === '' ? 0 : blocked.get(addressKey(address))
    return until > 0 && !(await isFamiliar(address)) ? refusalUntil(until) : undefined
  }

  return {
    isFamiliar: ({ address, name }) => isFamiliar(address, name),
    refuseAddress,
    async refuse({ address, name, isSigned = false }) {
      const ofName = isSigned ? 0 : blocked.get(nameKey(name))
      const until = Math.max(address === '' ? 0 : blocked.get(addressKey(address)), ofName)
      return until > 0 && !(await isFamiliar(address, name)) ? refusalUntil(until) : undefined
    },
    async failed({ address, name, isSigned = false }) {
      if (address === '' && ofName === undefined) return
      if (await isFamiliar(address, name)) return
      await Promise.all([
        address === '' ? undefined : count(addressKey(address), ofAddress),
        name === '' || ofName === undefined || isSigned ? undefined : count(nameKey(name), ofName),
      ])
    },
    succeeded({ address, name }) {
      if (address === '') return
      for (const key of [familiarKey(address, name), familiarKey(address)]) {
        // A lost write costs the owner one more sign-in during an attack, and a request must not wait for it.
        if (familiar.get(key) === 0) void remember(key).catch(() => undefined)
      }
    },
  }
}
