import { randomBytes } from 'node:crypto'
import { addressBlock, wallClock } from '@countersign/core'
import type { Grant, GrantAnswer, GrantRequest, Validated } from '../grants/grant.js'
import { refused } from '../refusal.js'
import { createAnswer } from './answer-challenge.js'
import { createSentCodes, type SentStep } from './codes/sent-codes.js'
import { createGuessLimiter } from './guesses/guess-limits.js'
import type { Guess } from './guesses/reserve-guesses.js'
import { countedName } from './guesses/user-name.js'
import { checkedOptions, type PasswordGrantOptions } from './password-options.js'
import { createSignInSteps } from './sign-in-steps.js'

/** Whether the client proved who it is. */
const isProven = ({ secretId, key }: GrantRequest): boolean => secretId !== undefined || key !== undefined

/** What a sign-in brings. */
interface Credentials {
  readonly name: string
  readonly password: string
}

/** A password that was looked at cannot be taken back: it can be sent again. */
function planStart(asked: GrantRequest, start: (asked: GrantRequest, credentials: Credentials) => Promise<GrantAnswer>): Validated {
  const name = asked.parameters.get('username')
  const password = asked.parameters.get('password')
  if (name === undefined || password === undefined) return refused('missing_parameter')
  return { ok: true, commit: () => start(asked, { name, password }) }
}

/** What a password came to, as far as it is told to anybody: one that was right is given back, and one that nobody looked at, too. */
async function counted(guess: Guess, looking: Promise<SentStep>): Promise<SentStep> {
  const step = await looking.catch((error: unknown) => {
    guess.cameToNothing()
    throw error
  })
  if (step.outcome === 'throttled') guess.cameToNothing()
  if (['signed_in', 'challenge', 'too_many_codes'].includes(step.outcome)) await guess.wasRight()
  if (step.outcome === 'refused') await guess.wasWrong()
  return step
}

/**
 * The password grant (RFC 6749 §4.3), with challenges. RFC 9700 §2.4 forbids it to all but the host's own clients, which is why
 * it has to be imported on its own. A right password that needs more is answered with a challenge.
 *
 * @returns the grants for `password` and for each continuation
 * @throws TypeError if an option is missing or wrong
 */
export function passwordGrants(options: PasswordGrantOptions): readonly Grant[] {
  const { authenticator, continuations, challengeLifetimeSeconds, maxAnswers } = checkedOptions(options)
  const now = options.now ?? wallClock
  const random = options.randomBytes ?? randomBytes
  const limiter = createGuessLimiter(options.limits ?? {}, now)
  const codes = createSentCodes({ authenticator, limiter, challengeLifetimeSeconds, now, randomBytes: random })
  const steps = createSignInSteps({ challengeLifetimeSeconds, maxAnswers, now, randomBytes: random })
  const answers = { limit: maxAnswers, windowSeconds: challengeLifetimeSeconds }
  const planAnswer = createAnswer({ authenticator, limiter, codes, steps, answers, now })
  const life = options.accessTokenLifetimeSeconds === undefined ? {} : { accessTokenLifetimeSeconds: options.accessTokenLifetimeSeconds }

  async function start(asked: GrantRequest, { name, password }: Credentials): Promise<GrantAnswer> {
    const { stores, request, scopes, audiences, issuer } = asked
    const username = countedName(name)
    const guess = await limiter.password(stores.attempts, { issuer, name, address: addressBlock(request.ip), isAppServer: isProven(asked) })
    if (!guess.ok) return guess
    const step = await counted(guess, codes.start(asked, { name, username, password }))
    return steps.outcome(step, asked, { username, scopes, audiences })
  }

  return [
    { type: 'password', ...life, validate: async (asked) => planStart(asked, start) },
    ...continuations.map((continuation): Grant => {
      const { grantType: type } = continuation
      return { type, continues: 'password', ...life, validate: async (asked) => planAnswer(asked, continuation) }
    }),
  ]
}
