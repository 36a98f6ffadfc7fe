import type { Now } from '@countersign/core'
import { notAuthorized } from './fault.js'

/** Wrong passwords of a name. After five of them every further one locks the name, for a second, two, four and so on, 15 minutes at most. */
export interface FakeLockout {
  /** @throws CognitoFault while the name is locked */
  check(name: string): void
  wrong(name: string): void
  right(name: string): void
}

/** Makes the counters. */
export function createFakeLockout(now: Now): FakeLockout {
  const counters = new Map<string, { readonly wrong: number; readonly lockedUntil: number }>()
  return {
    check(name) {
      if ((counters.get(name)?.lockedUntil ?? 0) > now()) throw notAuthorized('Password attempts exceeded')
    },
    wrong(name) {
      const wrong = (counters.get(name)?.wrong ?? 0) + 1
      const lockedSeconds = wrong < 5 ? 0 : Math.min(900, 2 ** (wrong - 5))
      counters.set(name, { wrong, lockedUntil: now() + lockedSeconds * 1000 })
    },
    right: (name) => void counters.delete(name),
  }
}
