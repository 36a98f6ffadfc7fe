import { randomInt } from 'node:crypto'
import type { Now } from '@countersign/core'
import { CognitoFault, notAuthorized } from './fault.js'
import type { FakeSeal } from './seal.js'
import { totpOfStep, totpStep } from './totp.js'
import type { FakeCognitoFactor, FakeCognitoUser } from './users.js'

/** A code that the pool delivered. */
export interface FakeCognitoMail {
  /** Address or telephone number. */
  readonly to: string
  readonly code: string
}

/** What the pool waits for. */
interface FakeSession {
  readonly name: string
  readonly sub: string
  readonly clientId: string
  readonly code?: string
  readonly endsAt: number
}

/** `ChallengeName`, `ChallengeParameters` and `Session`. */
export interface FakeChallenge {
  readonly ChallengeName: string
  readonly ChallengeParameters: Readonly<Record<string, string>>
  readonly Session: string
}

/** Options of {@link createFakeChallenges}. */
export interface FakeChallengeOptions {
  readonly now: Now
  readonly seal: FakeSeal
  readonly sessionLifetimeSeconds: number
  readonly wrongCodeLimit: number
  /** How the challenge of an e-mail is spelt. */
  readonly emailChallenge: 'EMAIL_OTP' | 'EMAIL_MFA'
  readonly deliver: (mail: FakeCognitoMail) => void
}

/** Challenges and their sessions. */
export interface FakeChallenges {
  /** What has to be answered after a right password; undefined: nothing. */
  afterPassword(user: FakeCognitoUser, clientId: string): FakeChallenge | undefined
  /** The challenge of the new password, then what follows a right one. */
  newPassword(user: FakeCognitoUser, clientId: string): FakeChallenge
  factor(user: FakeCognitoUser, clientId: string, factor: string): FakeChallenge
  /** @throws CognitoFault for a session that is over, or another user's */
  open(session: string, asked: { readonly name: string; readonly sub: string; readonly clientId: string }): FakeSession
  /** A session works for one right answer. */
  end(session: string): void
  /** @throws CognitoFault for a wrong code; the session goes on until there were too many */
  checkCode(session: string, user: FakeCognitoUser, code: string | undefined): void
}

const masked = (to: string): string => (to.includes('@') ? to.replace(/^(.)[^@]*@(.).*$/, '$1***@$2***') : `+********${to.slice(-4)}`)

/** Makes the challenges of a pool. */
export function createFakeChallenges(options: FakeChallengeOptions): FakeChallenges {
  const { now, seal, sessionLifetimeSeconds, wrongCodeLimit, emailChallenge, deliver } = options
  /** Wrong codes of sessions; `Infinity` once one is over. */
  const wrongCodes = new Map<string, number>()
  const usedSteps = new Map<string, number>()

  function begin(
    user: FakeCognitoUser,
    clientId: string,
    made: { readonly name: string; readonly code?: string; readonly parameters?: Readonly<Record<string, string>> },
  ): FakeChallenge {
    const { name, code, parameters } = made
    const kept: FakeSession = {
      name,
      sub: user.sub,
      clientId,
      endsAt: now() + sessionLifetimeSeconds * 1000,
      ...(code !== undefined && { code }),
    }
    const Session = seal.seal('session', kept)
    return { ChallengeName: name, ChallengeParameters: { USER_ID_FOR_SRP: user.username, ...parameters }, Session }
  }

  function sendCode(
    user: FakeCognitoUser,
    clientId: string,
    sent: { readonly name: string; readonly medium: string; readonly to: string },
  ) {
    const { name, medium, to } = sent
    const code = String(randomInt(1_000_000)).padStart(6, '0')
    deliver({ to, code })
    const parameters = { CODE_DELIVERY_DELIVERY_MEDIUM: medium, CODE_DELIVERY_DESTINATION: masked(to) }
    return begin(user, clientId, { name, code, parameters })
  }

  function factor(user: FakeCognitoUser, clientId: string, wanted: string): FakeChallenge {
    if (wanted === 'SOFTWARE_TOKEN_MFA')
      return begin(user, clientId, { name: wanted, parameters: { FRIENDLY_DEVICE_NAME: 'authenticator' } })
    if (wanted === 'SMS_MFA') return sendCode(user, clientId, { name: wanted, medium: 'SMS', to: user.phoneNumber ?? '+15550100000' })
    return sendCode(user, clientId, { name: emailChallenge, medium: 'EMAIL', to: user.email })
  }

  function checkTotp(user: FakeCognitoUser, code: string | undefined): boolean {
    const step = totpStep(now())
    const matched = [step - 1, step, step + 1].find((one) => totpOfStep(user.totpSecret ?? '', one) === code)
    if (matched === undefined) return false
    if (matched <= (usedSteps.get(user.sub) ?? 0))
      throw new CognitoFault('ExpiredCodeException', 'Your software token has already been used once.')
    usedSteps.set(user.sub, matched)
    return true
  }

  const sessionOf = (session: string): FakeSession | undefined =>
    wrongCodes.get(session) === Number.POSITIVE_INFINITY ? undefined : (seal.open('session', session) as FakeSession | undefined)
  const end = (session: string): void => void wrongCodes.set(session, Number.POSITIVE_INFINITY)

  return {
    factor,
    newPassword: (user, clientId) =>
      begin(user, clientId, { name: 'NEW_PASSWORD_REQUIRED', parameters: { requiredAttributes: '[]', userAttributes: '{}' } }),
    afterPassword(user, clientId) {
      const spelt = (one: FakeCognitoFactor): string => (one === 'EMAIL_OTP' ? emailChallenge : one)
      const [first, ...others] = user.factors
      if (first === undefined) return undefined
      if (others.length === 0 || user.preferred) return factor(user, clientId, user.preferred ?? first)
      const MFAS_CAN_CHOOSE = JSON.stringify(user.factors.map(spelt))
      return begin(user, clientId, { name: 'SELECT_MFA_TYPE', parameters: { MFAS_CAN_CHOOSE } })
    },
    open(session, { name, sub, clientId }) {
      const kept = sessionOf(session)
      const isMeant = kept?.name === name && kept.sub === sub && kept.clientId === clientId
      if (!kept || !isMeant) throw notAuthorized('Invalid session for the user.')
      if (kept.endsAt <= now()) throw notAuthorized('Invalid session for the user, session is expired.')
      return kept
    },
    end,
    checkCode(session, user, code) {
      const kept = sessionOf(session)
      if (!kept) throw notAuthorized('Invalid session for the user.')
      const isRight = kept.name === 'SOFTWARE_TOKEN_MFA' ? checkTotp(user, code) : kept.code === code
      if (isRight) return
      const wrong = (wrongCodes.get(session) ?? 0) + 1
      wrongCodes.set(session, wrong >= wrongCodeLimit ? Number.POSITIVE_INFINITY : wrong)
      throw new CognitoFault('CodeMismatchException', 'Invalid code or auth state for the user.')
    },
  }
}
