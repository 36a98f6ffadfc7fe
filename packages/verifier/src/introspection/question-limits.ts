import { kind, type Now, type OptionKind } from '@countersign/core'
import { createRecentEntries } from './recent-entries.js'

/**
 * How often an endpoint is asked. Tokens that were active in the last five minutes are asked about first, and only the number in flight bounds
 * them. Beyond a limit the request gets 503: nobody looked.
 */
export interface QuestionLimits {
  /** Questions in flight. Tokens that are not known get three quarters of them at most. @defaultValue 64 */
  readonly inFlight?: number
  /** Tokens that turned out inactive, a second, from one address (IPv6: from one /64). @defaultValue 50 */
  readonly inactivePerAddress?: number
  /** The same from all addresses together that sent no active token in the last five minutes. @defaultValue 200 */
  readonly inactiveInAll?: number
}

/** What the option `limits` must be. */
export const questionLimitsKind: OptionKind = kind.members<QuestionLimits>({
  inFlight: kind.number({ isInteger: true, least: 2 }),
  inactivePerAddress: kind.count,
  inactiveInAll: kind.count,
})

/** The place of a question. */
interface Place {
  /** Gives the place back, with what came of the question; undefined: no answer. */
  leave(isActive: boolean | undefined): void
}

/** Decides which questions may be asked. */
export interface QuestionPlaces {
  /** Undefined: a limit is used up. */
  enter(digest: string, address: string | undefined): Place | undefined
}

const rememberedMs = 300_000
const mostTokens = 20_000
const mostAddresses = 10_000

/** So many a second, and as many at once. */
interface Bucket {
  left: number
  /** Epoch milliseconds. */
  filledAt: number
}

/** Counts the places of one endpoint. */
export function createQuestionPlaces(
  { inFlight = 64, inactivePerAddress = 50, inactiveInAll = 200 }: QuestionLimits,
  now: Now,
): QuestionPlaces {
  const activeTokens = createRecentEntries<number>(mostTokens)
  const honestAddresses = createRecentEntries<number>(mostAddresses)
  const buckets = createRecentEntries<Bucket>(mostAddresses)
  const forAll: Bucket = { left: inactiveInAll, filledAt: now() }
  const mostUnknown = Math.floor(inFlight * 0.75)
  const state = { known: 0, unknown: 0 }

  function isRecent(since: number | undefined, time: number): boolean {
    return since !== undefined && time >= since && time - since < rememberedMs
  }

  function bucketOf(address: string): Bucket {
    const bucket = buckets.get(address) ?? { left: inactivePerAddress, filledAt: now() }
    buckets.set(address, bucket)
    return bucket
  }

  /** A clock that was set back fills nothing. */
  function take(bucket: Bucket, perSecond: number, time: number): boolean {
    const seconds = Math.max(0, time - bucket.filledAt) / 1000
    bucket.left = Math.min(perSecond, bucket.left + seconds * perSecond)
    bucket.filledAt = time
    if (bucket.left < 1) return false
    bucket.left -= 1
    return true
  }

  function place(kind: 'known' | 'unknown', leave: Place['leave']): Place {
    state[kind] += 1
    return {
      leave(isActive) {
        state[kind] -= 1
        leave(isActive)
      },
    }
  }

  function enterUnknown(digest: string, address: string | undefined, time: number): Place | undefined {
    if (state.unknown >= mostUnknown) return undefined
    const taken: Bucket[] = []
    const isTaken = (bucket: Bucket, perSecond: number): boolean => {
      if (!take(bucket, perSecond, time)) return false
      taken.push(bucket)
      return true
    }
    const giveBack = (): void => {
      for (const bucket of taken) bucket.left += 1
    }
    const isHonest = address !== undefined && isRecent(honestAddresses.get(address), time)
    const isWithin =
      (address === undefined || isTaken(bucketOf(address), inactivePerAddress)) && (isHonest || isTaken(forAll, inactiveInAll))
    if (!isWithin) {
      giveBack()
      return undefined
    }
    return place('unknown', (isActive) => {
      // An outage of the server is nobody's guess.
      if (isActive !== false) giveBack()
      if (isActive !== true) return
      activeTokens.set(digest, now())
      if (address !== undefined) honestAddresses.set(address, now())
    })
  }

  return {
    enter(digest, address) {
      if (state.known + state.unknown >= inFlight) return undefined
      const time = now()
      if (!isRecent(activeTokens.get(digest), time)) return enterUnknown(digest, address, time)
      return place('known', (isActive) => {
        if (isActive === true) activeTokens.set(digest, now())
      })
    },
  }
}
