import { kind, type Now, type OptionKind } from '@countersign/core'
import { createRecentEntries } from './recent-entries.js'

/**
 * How often an endpoint is asked. Tokens that were active in the last five minutes are asked about first, and only the number in flight bounds
 * them. Beyond a limit the request gets 503: nobody looked.
 */
export interface QuestionLimits {
  /**
   * Questions in flight. Other tokens than those that were active lately get three quarters of them, and those of them from addresses that sent no
   * active token lately get a half; one such address gets an eighth. @defaultValue 64
   */
  readonly inFlight?: number
  /** Tokens that turned out inactive or got no answer, a second, from one address (IPv6: from one /64). @defaultValue 50 */
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

/** Whose questions are in flight: about tokens that are known, from addresses that are known, and all others. */
type Lane = 'token' | 'address' | 'stranger'

/** So many a second, and as many at once. */
interface Bucket {
  left: number
  /** Epoch milliseconds. */
  filledAt: number
  /** Questions of strangers in flight. */
  open: number
}

/** Counts the places of one endpoint. */
export function createQuestionPlaces(
  { inFlight = 64, inactivePerAddress = 50, inactiveInAll = 200 }: QuestionLimits,
  now: Now,
): QuestionPlaces {
  const activeTokens = createRecentEntries<number>(mostTokens)
  const honestAddresses = createRecentEntries<number>(mostAddresses)
  const buckets = createRecentEntries<Bucket>(mostAddresses)
  const forAll: Bucket = { left: inactiveInAll, filledAt: now(), open: 0 }
  const [mostUnknown, mostOfStrangers, mostOfStranger] = [inFlight * 0.75, inFlight / 2, Math.max(1, inFlight / 8)]
  const open: Record<Lane, number> = { token: 0, address: 0, stranger: 0 }

  function isRecent(since: number | undefined, time: number): boolean {
    return since !== undefined && time >= since && time - since < rememberedMs
  }

  function bucketOf(address: string): Bucket {
    const bucket = buckets.get(address) ?? { left: inactivePerAddress, filledAt: now(), open: 0 }
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

  function place(lane: Lane, leave: Place['leave']): Place {
    open[lane] += 1
    return {
      leave(isActive) {
        open[lane] -= 1
        leave(isActive)
      },
    }
  }

  /** Takes what an inactive token costs; undefined if it is not there. */
  function takeAll(buckets: readonly (readonly [Bucket, number])[], time: number): (() => void) | undefined {
    const taken: Bucket[] = []
    const giveBack = (): void => {
      for (const bucket of taken) bucket.left += 1
    }
    for (const [bucket, perSecond] of buckets) {
      if (!take(bucket, perSecond, time)) {
        giveBack()
        return undefined
      }
      taken.push(bucket)
    }
    return giveBack
  }

  function hasPlace(isHonest: boolean, own: Bucket | undefined): boolean {
    if (open.address + open.stranger + 1 > mostUnknown) return false
    return isHonest || (open.stranger + 1 <= mostOfStrangers && (own === undefined || own.open + 1 <= mostOfStranger))
  }

  function enterUnknown(digest: string, address: string | undefined, time: number): Place | undefined {
    const isHonest = address !== undefined && isRecent(honestAddresses.get(address), time)
    const own = address === undefined ? undefined : bucketOf(address)
    if (!hasPlace(isHonest, own)) return undefined
    const giveBack = takeAll(
      [...(own ? [[own, inactivePerAddress] as const] : []), ...(isHonest ? [] : [[forAll, inactiveInAll] as const])],
      time,
    )
    if (giveBack === undefined) return undefined
    const counted = isHonest ? undefined : own
    if (counted) counted.open += 1
    return place(isHonest ? 'address' : 'stranger', (isActive) => {
      if (counted) counted.open -= 1
      // Without an answer nobody knows whether it was a guess: an outage must not make guesses free.
      if (isActive !== true) return
      giveBack()
      activeTokens.set(digest, now())
      if (address !== undefined) honestAddresses.set(address, now())
    })
  }

  return {
    enter(digest, address) {
      if (open.token + open.address + open.stranger >= inFlight) return undefined
      const time = now()
      if (!isRecent(activeTokens.get(digest), time)) return enterUnknown(digest, address, time)
      return place('token', (isActive) => {
        if (isActive === true) activeTokens.set(digest, now())
      })
    },
  }
}
