import { type ChallengeStore, type CodeToSend, type Now, orUnavailable } from '@countersign/core'
import { digestOf } from '../../digest.js'
import { seal, unseal } from './seal.js'
import { type OpenCode, type OpenCodeRecord, type Place, storedOpenCodeRecord } from './stored-codes.js'

const placeOf = (secret: string, ...parts: readonly string[]): Place => ({
  place: digestOf('open code', ...parts).toString('base64url'),
  key: digestOf('open code key', secret).toString('base64url'),
})

/** The place of a user's code, where the caller sends it. */
export function placeOfUser({ issuer, user }: { readonly issuer: string; readonly user: string }, { sealedWith }: CodeToSend): Place {
  return placeOf(sealedWith, 'user', issuer, user)
}

/** The place of what a name and a password began. Who does not know the password does not find it. */
export function placeOfSignIn({ issuer, username, recognised }: Readonly<Record<'issuer' | 'username' | 'recognised', string>>): Place {
  return placeOf(recognised, 'sign-in', issuer, username, recognised)
}

/** While a code is being sent its record is kept for so long only: a process that ends meanwhile sent none. */
const sendingMs = 10_000
/** A record of another password is taken away: then the next one is ours, or that of somebody who was faster. */
const maxTimes = 3

const sealedWith = (record: OpenCodeRecord, { key }: Place): string =>
  seal(storedOpenCodeRecord.toRecord(record), Buffer.from(key, 'base64url'))

function recordIn(sealed: string, { key }: Place): OpenCodeRecord | undefined {
  try {
    const record = storedOpenCodeRecord.fromRecord(unseal(sealed, Buffer.from(key, 'base64url')) as object)
    return record.v === 1 ? record : undefined
  } catch {
    // It belongs to another password, so it counts as absent.
    return undefined
  }
}

/** Codes that are open: one for each place. */
export interface OpenCodes {
  find(store: ChallengeStore, place: Place): Promise<OpenCodeRecord | undefined>
  /** @returns the record that is kept: this one, for exactly one caller, or that of a code that is open */
  claim(store: ChallengeStore, place: Place, record: OpenCodeRecord): Promise<OpenCodeRecord>
  /** Keeps a record in place of another one. */
  put(store: ChallengeStore, place: Place, record: OpenCodeRecord, ttlMs: number): Promise<void>
  /** No sign-in goes on with the code any more. */
  close(store: ChallengeStore, code: OpenCode): Promise<void>
}

/** @param rememberMs - how long a sign-in is recognised */
export function createOpenCodes(rememberMs: number, now: Now): OpenCodes {
  const put: OpenCodes['put'] = (store, place, record, ttlMs) =>
    orUnavailable(store.put(place.place, sealedWith(record, place), Math.max(1, ttlMs)))

  async function find(store: ChallengeStore, place: Place): Promise<OpenCodeRecord | undefined> {
    const sealed = await orUnavailable(store.read(place.place))
    return sealed === null ? undefined : recordIn(sealed, place)
  }

  return {
    find,
    put,
    async claim(store, place, record) {
      const mine = sealedWith(record, place)
      for (let times = 0; times < maxTimes; times += 1) {
        const kept = await orUnavailable(store.keep(place.place, mine, Math.min(sendingMs, Math.max(1, record.endsAt - now()))))
        if (kept === mine) return record
        const other = recordIn(kept, place)
        if (other !== undefined && other.endsAt > now()) return other
        await orUnavailable(store.take(place.place))
      }
      return record
    },
    async close(store, code) {
      const kept = await find(store, code)
      if (kept?.id !== code.id) return
      if (kept.username === undefined) await orUnavailable(store.take(code.place))
      else await put(store, code, { ...kept, state: '', endsAt: 0 }, rememberMs)
    },
  }
}
