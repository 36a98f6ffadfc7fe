import { type Cognito, type CognitoOptions, type CognitoSignIn, createCognito } from '@countersign/cognito'
import type { AnswerStep, SignInChallenge, WireRequest } from '@countersign/core'
import { createFakeCognito, type FakeCognito, type FakeCognitoOptions, type FixedClock, fixedClock } from '@countersign/testkit'
import { onTestFinished } from 'vitest'

export const request: WireRequest = { method: 'POST', url: '/token', headers: {}, ip: '192.0.2.1' }
export const totpSecret = 'JBSWY3DPEHPK3PXP'
export const password = 'Correct-horse-1'

export interface PoolSetup {
  readonly pool: FakeCognito
  readonly cognito: Cognito
  readonly clock: FixedClock
  /** Everybody who signed in. */
  readonly people: readonly CognitoSignIn[]
  signIn(username: string, password?: string): Promise<AnswerStep>
  answer(challenge: AnswerStep, code: string, type?: string): Promise<AnswerStep>
  /** The code that was delivered last. */
  code(): string
  wrongCode(): string
}

/** A pool with Ann, who has no second factor, Ben, who gets e-mails, and Cid, who has an app; and the authenticator over the real SDK. */
export async function startPool(options: Partial<CognitoOptions> = {}, fakeOptions: FakeCognitoOptions = {}): Promise<PoolSetup> {
  const clock = fixedClock()
  const pool = await createFakeCognito({ now: clock.now, ...fakeOptions })
  const people: CognitoSignIn[] = []
  const cognito = createCognito({
    userPoolId: pool.userPoolId,
    clientId: pool.clientId,
    ...(options.client === undefined && { endpoint: pool.url }),
    onSignedIn: (person) => void people.push(person),
    ...options,
  })
  onTestFinished(async () => {
    await cognito.close()
    await pool.close()
  })
  pool.users.add({ email: 'ann@x.example', password })
  pool.users.add({ email: 'ben@x.example', password, factors: ['EMAIL_OTP'] })
  pool.users.add({ email: 'cid@x.example', password, factors: ['SOFTWARE_TOKEN_MFA'], totpSecret })
  const code = (): string => pool.mails.at(-1)?.code ?? ''
  return {
    pool,
    cognito,
    clock,
    people,
    signIn: (username, given = password) => cognito.authenticator.start({ username, password: given, request }),
    answer: (step, given, type) => cognito.authenticator.answerChallenge({ state: stateOf(step), type, code: given, request }),
    code,
    wrongCode: () => code().replace(/./, (digit) => String((Number(digit) + 1) % 10)),
  }
}

/** What has to be presented with the next answer. */
export function stateOf(step: AnswerStep): string {
  if (step.outcome !== 'challenge' && step.outcome !== 'wrong_code') throw new Error(`${step.outcome} has no state`)
  return step.state
}

export function challengeOf(step: AnswerStep): SignInChallenge {
  if (step.outcome !== 'challenge') throw new Error(`${step.outcome} is no challenge`)
  return step
}

/** Cognito's tokens, where they are passed on. */
export function issuedOf(step: AnswerStep): {
  readonly accessToken: string
  readonly expiresInSeconds: number
  readonly refreshToken: string
} {
  if (step.outcome !== 'signed_in' || step.issued?.refreshToken === undefined) throw new Error(`${step.outcome} without tokens`)
  const { accessToken, expiresInSeconds, refreshToken } = step.issued
  return { accessToken, expiresInSeconds, refreshToken }
}
