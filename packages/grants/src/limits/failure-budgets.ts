import { type AttemptStore, type Now, orUnavailable } from '@countersign/core'
import { refused, type TokenRefused } from '../refusal.js'
import { attemptKey, type Budget } from './budget.js'

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
const maxKnown = 10_000
/** Only whether there is one counts. */
const anyNumber = 1_000_000_000

/** Instants by name. The oldest entries go first, so that strangers cannot fill the memory. */
function createUntil(now: Now): { get(name: string): number; set(name: string, until: number): void } {
  const all = new Map<string, number>()
  return {
    get(name) {
      const until = all.get(name) ?? 0
      if (until > now()) return until
      all.delete(name)
      return 0
    },
    set(name, until) {
      all.delete(name)
      all.set(name, until)
      const [oldest] = all.keys()
      if (all.size > maxKnown && oldest !== undefined) all.delete(oldest)
    },
  }
}

/** See {@link FailureBudgets}. */
export function createFailureBudgets({ attempts, kind, ofAddress, ofName, now }: FailureBudgetOptions): FailureBudgets {
  const blocked = createUntil(now)
  const familiar = createUntil(now)
  const strange = createUntil(now)
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
