import { setTimeout as sleep } from 'node:timers/promises'
import { type Events, isUnavailable, onEvent, type RevocationEntry, type RevocationQuery, type RevocationView } from '@countersign/core'
import { createSharedRevocations, type SharedRevocations, type SharedRevocationsOptions } from '@countersign/verifier'
import { onTestFinished, vi } from 'vitest'
import { type ScriptedStore, scriptedStore } from './scripted-store.js'

export const issuer = 'https://issuer.test'
/** Where the clock of a test starts, in epoch seconds. */
export const startsAt = 1_800_000_000

export const ofKey = (kid: string): RevocationEntry => ({ type: 'signing_key', issuer, kid })
export const ofClient = (clientId: string): RevocationEntry => ({ type: 'client', issuer, clientId })

/** What is asked about a token that was issued a second after the start and lives for five minutes. */
function queryOf(changes: Partial<RevocationQuery> = {}): RevocationQuery {
  const nothing = { kid: undefined, thumbprint: undefined, jti: undefined, subject: undefined, clientId: undefined, clientKeys: [] }
  return { issuer, ...nothing, issuedAt: startsAt + 1, expiresAt: startsAt + 301, via: 'main', ...changes }
}

/** `'pass'`, the reason of the refusal, or `'503 <reason> <Retry-After>'`. */
export async function verdictOf(view: RevocationView, changes: Partial<RevocationQuery> = {}): Promise<string> {
  try {
    return (await view.check(queryOf(changes))) ?? 'pass'
  } catch (error) {
    if (isUnavailable(error)) return `503 ${error.reason} ${error.retryAfterSeconds}`
    throw error
  }
}

/** Time that only the test moves: timers, `Date` and `performance`. */
interface TestTime {
  /** Time goes by, and timers run. */
  pass(seconds: number): Promise<void>
  /** The wall clock alone moves: the machine slept, or somebody set the clock. */
  setClock(seconds: number): void
}

function stopTime(): TestTime {
  vi.useFakeTimers({ now: startsAt * 1000, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  return {
    pass: async (seconds) => void (await vi.advanceTimersByTimeAsync(seconds * 1000)),
    setClock: (seconds) => void vi.setSystemTime(Date.now() + seconds * 1000),
  }
}

/** What a channel carries from now on, as `outcome type`. */
export function revocationEvents(): string[] {
  const seen: string[] = []
  const note = ({ outcome, type }: Events['countersign:revocation']): void => void seen.push(type ? `${outcome} ${type}` : outcome)
  onTestFinished(onEvent('countersign:revocation', note))
  return seen
}

export interface Trial extends TestTime {
  readonly store: ScriptedStore
  readonly view: SharedRevocations
  /** Another process on the same store. */
  open(options?: Partial<SharedRevocationsOptions>): SharedRevocations
  ask(changes?: Partial<RevocationQuery>): Promise<string>
}

/** A view of a store, polled every second and believed for five; 503 after that. */
export async function startTrial(options: Partial<SharedRevocationsOptions> = {}): Promise<Trial> {
  const time = stopTime()
  const store = scriptedStore(Date.now)
  const open = (changes: Partial<SharedRevocationsOptions> = {}): SharedRevocations => {
    const view = createSharedRevocations({ store, maxStalenessSeconds: 5, onStale: 'refuse', random: () => 0.5, ...changes })
    onTestFinished(() => view.close())
    return view
  }
  const view = open(options)
  await view.ready()
  return { ...time, store, view, open, ask: (changes) => verdictOf(view, changes) }
}

/** The limit of a reading is in real time, whatever the clock of the test says. */
export const readingGivenUp = (): Promise<void> => sleep(1_600)
