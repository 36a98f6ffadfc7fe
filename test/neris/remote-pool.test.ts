import { createFakeCognito, type FakeCognito, fixedClock } from '@countersign/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { people, startNeris } from './neris-app.js'
import { type Answer, askToken, send, textIn } from './neris-requests.js'
import { answerMail, password } from './sign-in.js'

/** A pool elsewhere: people have ids for names there, and refresh tokens of 30 days. */
async function start() {
  const clock = fixedClock(Math.floor(Date.now() / 1000))
  const pool = await createFakeCognito({ region: 'us-east-2', now: clock.now })
  onTestFinished(() => pool.stop())
  const { mail, plain } = people
  pool.users.add({ email: mail.username, password: mail.password, factors: ['EMAIL_OTP'] })
  pool.users.add({ email: plain.username, password: plain.password })
  const env = { COGNITO_ENDPOINT: pool.url, COGNITO_USER_POOL_ID: pool.userPoolId, COGNITO_CLIENT_ID: pool.clientId }
  const app = await startNeris(env, clock.now)
  const code = (): string => pool.mails.at(-1)?.code ?? ''
  const signIn = async (): Promise<Answer> => answerMail(app, { session: textIn(await password(app, mail), 'session'), code: code() })
  const list = (bearer: string): Promise<Answer> => send(`${app.url}/v1/account/integration/VN00000001/list`, { bearer })
  return { app, pool, clock, code, signIn, list }
}

async function askCognito(pool: FakeCognito, operation: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const target = `AWSCognitoIdentityProviderService.${operation}`
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
  const reply = await fetch(pool.url, { method: 'POST', headers, body: JSON.stringify({ ClientId: pool.clientId, ...body }) })
  return (await reply.json()) as Readonly<Record<string, unknown>>
}

/** Signs in at Cognito itself. */
async function directly(pool: FakeCognito, person: { readonly username: string; readonly password: string }): Promise<string> {
  const AuthParameters = { USERNAME: person.username, PASSWORD: person.password }
  const first = await askCognito(pool, 'InitiateAuth', { AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters })
  const { USER_ID_FOR_SRP: USERNAME = '' } = (first.ChallengeParameters ?? {}) as Record<string, string>
  const ChallengeResponses = { USERNAME, EMAIL_OTP_CODE: pool.mails.at(-1)?.code ?? '' }
  const answer = { ChallengeName: first.ChallengeName, Session: first.Session, ChallengeResponses }
  const last = first.AuthenticationResult ? first : await askCognito(pool, 'RespondToAuthChallenge', answer)
  return (last.AuthenticationResult as { readonly AccessToken: string }).AccessToken
}

describe('people of a pool elsewhere', () => {
  it('sign in there; the users of the seed are not made, and their entities count', async () => {
    const { app, signIn, list, pool } = await start()
    const answer = await signIn()
    expect(answer.status).toBe(200)
    expect((await list(textIn(answer, 'access_token'))).status).toBe(200)
    expect(pool.users.find(people.app.username)).toBeUndefined()
    expect((await password(app, people.app)).status).toBe(401)
    expect(app.printed).toEqual([])
  })

  it('who signed in at our endpoint with a second factor has shown it, whatever the pool says later, in refreshed tokens too', async () => {
    const { app, signIn, list, pool } = await start()
    const answer = await signIn()
    pool.users.change(people.mail.username, { factors: [] })
    expect((await list(textIn(answer, 'access_token'))).status).toBe(200)
    const refreshed = await askToken(app, { grant_type: 'refresh_token', refresh_token: textIn(answer, 'refresh_token') })
    expect((await list(textIn(refreshed, 'access_token'))).status).toBe(200)
  })

  it('who signed in at Cognito has shown it if Cognito says that there is one', async () => {
    const { list, pool } = await start()
    const token = await directly(pool, people.mail)
    expect((await list(token)).status).toBe(200)
    pool.users.change(people.mail.username, { factors: [] })
    const without = await list(token)
    expect([without.status, without.body]).toEqual([403, { detail: expect.stringMatching(/second factor/) }])
    expect((await list(await directly(pool, people.plain))).status).toBe(403)
  })

  it('do not act for the entities of somebody whose name is spelt almost the same', async () => {
    const { app, pool, code, list } = await start()
    const { username } = people.mail
    const secret = 'Correct-horse-7'
    // Full-width letters, and capitals: names of their own in a pool, and folded into one where attempts are counted.
    for (const name of ['\uff55@x.org', 'U@X.ORG']) {
      pool.users.remove(username)
      pool.users.add({ username: name, email: 'mallory@x.org', password: secret, factors: ['EMAIL_OTP'] })
      const session = textIn(await password(app, { username: name, password: secret }), 'session')
      const answer = await answerMail(app, { session, code: code(), username })
      expect(answer.status).toBe(200)
      expect((await list(textIn(answer, 'access_token'))).status).toBe(403)
      pool.users.remove(name)
    }
  })

  it('an outage of Cognito there is 503', async () => {
    const { list, pool } = await start()
    const token = await directly(pool, people.mail)
    expect((await list(token)).status).toBe(200)
    await pool.stop()
    const answer = await list(token)
    expect([answer.status, answer.body]).toEqual([503, { detail: expect.any(String) }])
    expect(answer.headers.get('retry-after')).toBe('1')
  })

  it('end after 90 minutes, although the refresh tokens of the pool live longer', async () => {
    const { app, signIn, clock, list } = await start()
    const answer = await signIn()
    const fields = { grant_type: 'refresh_token', refresh_token: textIn(answer, 'refresh_token') }
    clock.advance(5_399)
    const last = await askToken(app, fields)
    expect(last.status).toBe(200)
    clock.advance(2)
    const ended = await askToken(app, fields)
    expect([ended.status, ended.body?.error]).toEqual([401, 'invalid_grant'])
    // The token is good still; the sign-in is too long ago for accounts.
    const token = textIn(last, 'access_token')
    expect((await send(`${app.url}/v1/entity/FD00000001`, { bearer: token })).status).toBe(200)
    const old = await list(token)
    expect([old.status, old.body]).toEqual([401, { detail: expect.stringMatching(/recent/) }])
  })
})
