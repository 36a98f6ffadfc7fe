import {
  type CodeToSend,
  hasOwn,
  type Now,
  orUnavailable,
  type PasswordAuthenticator,
  type SignInChallenge,
  type SignInStep,
} from '@countersign/core'
import { digestOf } from '../../digest.js'
import type { GrantRequest, GrantStores } from '../../grants/grant.js'
import type { TokenRefused } from '../../refusal.js'
import type { GuessLimiter } from '../guesses/guess-limits.js'
import { createLanes } from './lanes.js'
import { createOpenCodes, placeOfSignIn, placeOfUser } from './open-codes.js'
import type { OpenCode, OpenCodeRecord } from './stored-codes.js'

/** A challenge, with the code that answers it where one was sent. */
export interface SentChallenge extends SignInChallenge {
  /** `endsAt` in epoch milliseconds. */
  readonly open?: { readonly code: OpenCode; readonly endsAt: number }
}

/** What a step comes to when codes are counted. */
export type SentStep =
  | Exclude<SignInStep, SignInChallenge>
  | SentChallenge
  /** The step was right, but too many codes were sent to the user. */
  | { readonly outcome: 'too_many_codes'; readonly refused: TokenRefused }

/** Who signs in. */
interface Credentials {
  readonly name: string
  /** As counted. */
  readonly username: string
  readonly password: string
}

type Asked = Pick<GrantRequest, 'stores' | 'issuer' | 'request'>
type Place = ReturnType<typeof placeOfUser>

/** Sends codes: one at a time to a user, and no more than the budget. */
export interface SentCodes {
  /** What a password comes to. While a code of the user is open, the sign-in goes on with it. */
  start(asked: Asked, credentials: Credentials): Promise<SentStep>
  /** Sends or counts the code of a step. */
  deliver(asked: Asked, step: SignInStep): Promise<SentStep>
  /**
   * Ends a code that was answered for the last time.
   *
   * @param token - of the challenge that it was right for; undefined where it was not right
   * @returns false where the code was right and is used already, by another challenge
   */
  settle(stores: GrantStores, code: OpenCode, token: string | undefined): Promise<boolean>
}

/** What {@link createSentCodes} needs. */
export interface SentCodesOptions {
  readonly authenticator: PasswordAuthenticator
  readonly limiter: GuessLimiter
  readonly challengeLifetimeSeconds: number
  readonly now: Now
  readonly randomBytes: (size: number) => Buffer
}

const tooMany = (refused: TokenRefused): SentStep => ({ outcome: 'too_many_codes', refused })

/** The same challenge, answered by the code that is open. */
function withCode(step: Partial<SignInChallenge>, { id, types, user, state, endsAt }: OpenCodeRecord, place: Place): SentChallenge {
  return { ...step, outcome: 'challenge', types, user, state, open: { code: { id, ...place }, endsAt } }
}

/** Counts the codes that are sent, and has a user wait for one at a time. */
export function createSentCodes(options: SentCodesOptions): SentCodes {
  const { authenticator, limiter, challengeLifetimeSeconds, now, randomBytes } = options
  const inLane = createLanes()
  const rememberMs = limiter.codesSentMs
  const open = createOpenCodes(rememberMs, now)

  function recordOf({ types, user, state, expiresInSeconds = challengeLifetimeSeconds }: SignInChallenge): OpenCodeRecord {
    const endsAt = now() + Math.min(challengeLifetimeSeconds, expiresInSeconds) * 1000
    return { v: 1, id: randomBytes(16).toString('base64url'), types, user, state, endsAt }
  }

  /** Claims the place of the user's code, and counts it. Undefined: this code has to be sent. */
  async function claim(asked: Asked, mine: OpenCodeRecord, place: Place): Promise<OpenCodeRecord | TokenRefused | undefined> {
    const { challenges, attempts } = asked.stores
    const kept = await open.claim(challenges, place, mine)
    if (kept.id !== mine.id) return kept
    const counted = await limiter.codeSent(attempts, { issuer: asked.issuer, user: mine.user })
    if (counted.ok) return undefined
    await open.close(challenges, { id: mine.id, ...place })
    return counted
  }

  async function send(asked: Asked, step: SignInChallenge, code: CodeToSend): Promise<SentStep> {
    const { challenges } = asked.stores
    const place = placeOfUser({ issuer: asked.issuer, user: step.user }, code)
    const mine = recordOf(step)
    /** Without this, the next sign-ins would wait for a code that nobody sent. */
    const unlessSent = async (error: unknown): Promise<never> => {
      await open.close(challenges, { id: mine.id, ...place }).catch(() => undefined)
      throw error
    }
    const kept = await claim(asked, mine, place).catch(unlessSent)
    if (kept !== undefined) return hasOwn(kept, 'refusal') ? tooMany(kept) : withCode(step, kept, place)
    // It counts also if it cannot be sent: it may have arrived.
    await code.send().catch(unlessSent)
    await open.put(challenges, place, mine, mine.endsAt - now())
    return withCode(step, mine, place)
  }

  async function deliver(asked: Asked, step: SignInStep): Promise<SentStep> {
    if (step.outcome !== 'challenge') return step
    if (step.code) return send(asked, step, step.code)
    if (step.wasSent !== true) return step
    const counted = await limiter.codeSent(asked.stores.attempts, { issuer: asked.issuer, user: step.user })
    return counted.ok ? step : tooMany(counted)
  }

  /** A sign-in whose authenticator has codes sent by itself: it is asked again only when no code is open. */
  async function startOnce(asked: Asked, { name }: Credentials, place: Place, ask: () => Promise<SignInStep>): Promise<SentStep> {
    const { stores, issuer } = asked
    const known = await open.find(stores.challenges, place)
    // Another spelling may be another user's name.
    if (known?.username === name && known.endsAt > now()) return withCode({}, known, place)
    const before = known && (await limiter.codeSent(stores.attempts, { issuer, user: known.user }))
    if (before?.ok === false) return tooMany(before)
    const step = await ask()
    if (step.outcome !== 'challenge' || step.wasSent !== true) {
      before?.cameToNothing()
      return deliver(asked, step)
    }
    const { user } = step
    const counted = before && known?.user === user ? before : await limiter.codeSent(stores.attempts, { issuer, user })
    const mine = { ...recordOf(step), username: name, ...(!counted.ok && { state: '', endsAt: 0 }) }
    await open.put(stores.challenges, place, mine, rememberMs)
    return counted.ok ? withCode(step, mine, place) : tooMany(counted)
  }

  return {
    deliver,
    async start(asked, credentials) {
      const { name, username, password } = credentials
      const ask = (): Promise<SignInStep> => authenticator.start({ username: name, password, request: asked.request })
      const recognised = authenticator.recognise?.(password)
      if (recognised === undefined) return deliver(asked, await ask())
      const place = placeOfSignIn({ issuer: asked.issuer, username, recognised })
      return inLane(place.place, () => startOnce(asked, credentials, place, ask))
    },
    async settle({ challenges }, code, token) {
      await open.close(challenges, code)
      if (token === undefined) return true
      // Who uses it is on record: when the answer to this call is lost, the same challenge can be answered again.
      const user = digestOf('code used', token).toString('base64url')
      return (
        (await orUnavailable(
          challenges.keep(digestOf('used code', code.id).toString('base64url'), user, challengeLifetimeSeconds * 1000),
        )) === user
      )
    },
  }
}
