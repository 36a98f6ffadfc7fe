import type { PasswordAuthenticator, SignInStep } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { type HostUser, hostUsers, type PasswordVerdict, passwordGrants } from '@countersign/grants/password'
import { fixedClock } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { basic, setup } from './endpoint-setup.js'

const mfa = 'urn:countersign:grant-type:mfa'

async function start(authenticator: PasswordAuthenticator) {
  const clock = fixedClock()
  const stores = memoryStores({ now: clock.now })
  const grants = passwordGrants({ authenticator, now: clock.now })
  const suite = setup({ allStores: stores, grants, now: clock.now, clientOptions: { now: clock.now } })
  const client = await suite.register({ grants: ['password'], isFirstParty: true })
  const headers = basic(client.id, client.secret)
  const signIn = async (password: string) =>
    (await suite.ask({ grant_type: 'password', username: 'ann', password }, headers)).body.mfa_token
  const answerWith = (token: string, code: string) => suite.ask({ grant_type: mfa, mfa_token: token, code }, headers)
  /** `200`, or the error. */
  const answer = async (token: string, code: string) => {
    const { status, body } = await answerWith(token, code)
    return status === 200 ? '200' : body.error
  }
  return { signIn, answer, answerWith }
}

interface Changes {
  readonly user?: Partial<HostUser>
  readonly verdict?: (user: HostUser) => boolean | PasswordVerdict | undefined
}

/** Ann of the host's table, whose hash is her password. */
async function host({ user, verdict = () => true }: Changes = {}) {
  const ann: { current: HostUser } = { current: { subject: 'u-1', passwordHash: 'old', needsCode: true, ...user } }
  const mails: string[] = []
  const authenticator = hostUsers({
    findUser: async () => ann.current,
    verifyPassword: async (hash, password) => hash === password && verdict(ann.current),
    unknownUserHash: 'none',
    sendCode: async (_user, code) => void mails.push(code),
  })
  const change = (changes: Partial<HostUser>): void => {
    ann.current = { ...ann.current, ...changes }
  }
  return { ...(await start(authenticator)), change, code: () => mails.at(-1) ?? '' }
}

describe('a code that was asked for with a password', () => {
  it('ends with the password', async () => {
    const { signIn, answer, change, code } = await host()
    const token = await signIn('old')
    change({ passwordHash: 'new' })
    expect(await answer(token, code())).toBe('invalid_grant')
    expect(await answer(await signIn('new'), code())).toBe('200')
  })

  it('ends with the password also after a wrong code', async () => {
    const { signIn, answer, answerWith, change, code } = await host()
    const { body } = await answerWith(await signIn('old'), '000')
    change({ passwordHash: 'new' })
    expect(await answer(body.mfa_token, code())).toBe('invalid_grant')
  })

  it('outlives a hash of the same password that was renewed, where the host says which password it is', async () => {
    const { signIn, answer, change, code } = await host({ user: { passwordVersion: 1 } })
    const token = await signIn('old')
    change({ passwordHash: 'old, hashed anew' })
    expect(await answer(token, code())).toBe('200')
    change({ passwordHash: 'old' })
    const another = await signIn('old')
    change({ passwordVersion: 2 })
    expect(await answer(another, code())).toBe('invalid_grant')
  })

  it('ends by the version that the check of the host gave', async () => {
    const { signIn, answer, change, code } = await host({
      user: { passwordVersion: 'a' },
      verdict: ({ subject }) => ({ subject, passwordVersion: 'b' }),
    })
    const token = await signIn('old')
    change({ passwordVersion: 'b' })
    expect(await answer(token, code())).toBe('200')
    const another = await signIn('old')
    change({ passwordVersion: 'c' })
    expect(await answer(another, code())).toBe('invalid_grant')
  })
})

it.each<[string, PasswordVerdict | undefined]>([
  ['is of another subject', { subject: 'u-2' }],
  ['is undefined', undefined],
])('a verdict that %s is a wrong password', async (_what, verdict) => {
  const { signIn } = await host({ verdict: () => verdict })
  expect(await signIn('old')).toBeUndefined()
})

describe('an authenticator that says which password a challenge was for', () => {
  const challenge: SignInStep = { outcome: 'challenge', types: ['otp'], user: 'u', state: 's', passwordVersion: 1 }
  const signedIn: SignInStep = { outcome: 'signed_in', subject: 'u', amr: ['mfa'] }
  const answering = (answer: SignInStep) => start({ start: async () => challenge, answerChallenge: async () => answer })

  it.each<[string, SignInStep]>([
    ['200', { ...signedIn, passwordVersion: 1 }],
    ['invalid_grant', { ...signedIn, passwordVersion: 2 }],
    ['invalid_grant', { ...challenge, passwordVersion: 2 }],
    ['mfa_required', challenge],
  ])('gets %s for %j', async (outcome, step) => {
    const { signIn, answer } = await answering(step)
    expect(await answer(await signIn('x'), '1')).toBe(outcome)
  })

  it('has to say it again: a sign-in without it is a fault of ours', async () => {
    const { signIn, answer } = await answering(signedIn)
    await expect(answer(await signIn('x'), '1')).rejects.toThrow(TypeError)
  })
})
