import { totpCode } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { integrations, people, startNeris } from './neris-app.js'
import { type Answer, askToken, claimsOf, encodings, send, textIn } from './neris-requests.js'
import { answerMail, password, signIn } from './sign-in.js'

const tokens = { access_token: expect.any(String), refresh_token: expect.any(String), expires_in: 3600, token_type: 'bearer' }

/** An answer that ends the loop of a client that reads JSON, whatever it is told. */
function expectNoJson(answer: Answer, status: number): void {
  expect([answer.status, answer.type, answer.body]).toEqual([status, 'text/plain; charset=utf-8', undefined])
}

describe.each(encodings)('a person, as %s', (as) => {
  it('without a second factor gets the tokens of Cognito at once', async () => {
    const app = await startNeris()
    const answer = await password(app, people.plain, as)
    expect([answer.status, answer.body]).toEqual([200, tokens])
    const iss = 'https://cognito-idp.us-east-2.amazonaws.com/us-east-2_Neris0000'
    const claims = claimsOf(textIn(answer, 'access_token'))
    expect(claims).toMatchObject({ iss, token_use: 'access', client_id: 'neris-app', username: 'plain@x.org', scope: expect.any(String) })
    expect(claims).not.toHaveProperty('aud')
  })

  it('is asked for the code of a mail with 202, and answers with grant_type, name and field of one word', async () => {
    const app = await startNeris()
    const challenge = await password(app, people.mail, as)
    expect([challenge.status, challenge.body]).toEqual([202, { challenge_name: 'email_otp', session: expect.any(String) }])
    expect(challenge.headers.get('cache-control')).toBe('no-store')
    const answer = await answerMail(app, { session: textIn(challenge, 'session'), code: app.code() }, as)
    expect([answer.status, answer.body]).toEqual([200, tokens])
  })

  it('is asked for the code of an app where that is the second factor', async () => {
    const app = await startNeris()
    const challenge = await password(app, people.app, as)
    expect([challenge.status, challenge.body]).toEqual([202, { challenge_name: 'software_token_mfa', session: expect.any(String) }])
    const { username, totpSecret } = people.app
    const session = textIn(challenge, 'session')
    const fields = { grant_type: 'software_token_mfa', username, session, software_token_mfa: totpCode(totpSecret, Date.now()) }
    expect([(await askToken(app, fields, { as })).status]).toEqual([200])
  })

  it.each([
    { grant_type: 'new_password_required', field: 'new_password' },
    { grant_type: 'new_password_required', field: 'new_password_required' },
    { grant_type: 'new_password', field: 'new_password' },
  ])('is asked for a new password, and answers $grant_type with $field', async ({ grant_type, field }) => {
    const app = await startNeris()
    const person = { username: 'new@x.org', password: 'Temporary-1' }
    app.pool.users.add({ ...person, email: person.username, status: 'FORCE_CHANGE_PASSWORD' })
    const challenge = await password(app, person, as)
    expect([challenge.status, challenge.body?.challenge_name]).toEqual([202, 'new_password_required'])
    const session = textIn(challenge, 'session')
    const answer = await askToken(app, { grant_type, username: person.username, session, [field]: 'Chosen-horse-9' }, { as })
    expect([answer.status, answer.body]).toEqual([200, tokens])
    expect((await password(app, { ...person, password: 'Chosen-horse-9' }, as)).status).toBe(200)
  })

  it('with a wrong code is answered 202 with a fresh session, and the code of the same mail is still good', async () => {
    const app = await startNeris()
    const first = textIn(await password(app, people.mail, as), 'session')
    const code = app.code()
    const wrong = await answerMail(app, { session: first, code: code === '000000' ? '000001' : '000000' }, as)
    expect([wrong.status, wrong.body]).toEqual([202, { challenge_name: 'email_otp', session: expect.any(String) }])
    const fresh = textIn(wrong, 'session')
    expect(fresh).not.toBe(first)
    expect(app.pool.mails).toHaveLength(1)
    expectNoJson(await answerMail(app, { session: first, code }, as), 401)
    expect((await answerMail(app, { session: fresh, code }, as)).status).toBe(200)
    expectNoJson(await answerMail(app, { session: fresh, code }, as), 401)
  })

  it('with five wrong codes is at the end, with 401 and nothing that a looping client can read', async () => {
    const app = await startNeris()
    let session = textIn(await password(app, people.mail, as), 'session')
    const code = app.code()
    const wrong = code === '000000' ? '000001' : '000000'
    const answers: Answer[] = []
    // What a client does that goes on until it gets 200, and reads all else as JSON.
    for (;;) {
      const answer = await answerMail(app, { session, code: wrong }, as)
      answers.push(answer)
      if (answer.body === undefined) break
      session = textIn(answer, 'session')
    }
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 401])
    expectNoJson(answers[4] as Answer, 401)
    expectNoJson(await answerMail(app, { session, code }, as), 401)
    expect((await signIn(app)).access).toBeTruthy()
  })

  it('an answer to nothing, to another person, or without its fields is text as well', async () => {
    const app = await startNeris()
    expectNoJson(await answerMail(app, { session: 'none', code: '123456' }, as), 401)
    const session = textIn(await password(app, people.mail, as), 'session')
    const code = app.code()
    expectNoJson(await answerMail(app, { session, code, username: 'plain@x.org' }, as), 401)
    for (const fields of [{ session }, { email_otp: code }, { session: '', email_otp: code }])
      expectNoJson(await askToken(app, { grant_type: 'email_otp', username: people.mail.username, ...fields }, { as }), 422)
    const other = { grant_type: 'software_token_mfa', session, software_token_mfa: code }
    expectNoJson(await askToken(app, other, { as }), 401)
    // None of this used the challenge up.
    expect((await answerMail(app, { session, code }, as)).status).toBe(200)
  })

  it('with a wrong password, an unknown name or a disabled account is answered one thing', async () => {
    const app = await startNeris()
    app.pool.users.add({ username: 'off@x.org', email: 'off@x.org', password: 'Correct-horse-5', isEnabled: false })
    const wrong = await password(app, { ...people.mail, password: 'wrong' }, as)
    expect([wrong.status, wrong.body?.error]).toEqual([401, 'invalid_grant'])
    expect(wrong.body?.detail).toEqual(expect.any(String))
    const others = [
      { username: 'nobody@x.org', password: 'wrong' },
      { username: 'off@x.org', password: 'Correct-horse-5' },
    ]
    for (const person of others) {
      const answer = await password(app, person, as)
      expect([answer.status, answer.text]).toEqual([wrong.status, wrong.text])
    }
  })

  it('can do without a refresh token', async () => {
    const app = await startNeris()
    const fields = { grant_type: 'password', ...people.plain, generate_refresh_token: 'false' }
    expect((await askToken(app, fields, { as })).body).toEqual({ ...tokens, refresh_token: null })
  })
})

describe.each(encodings)('the refresh of a person, as %s', (as) => {
  it('echoes the same refresh token, with a stale Bearer on the request', async () => {
    const app = await startNeris()
    const { access, refresh } = await signIn(app)
    for (const headers of [{ authorization: `Bearer ${access}` }, { authorization: 'Bearer ' }, {}]) {
      const answer = await askToken(app, { grant_type: 'refresh_token', refresh_token: refresh }, { as, headers })
      expect([answer.status, answer.body]).toEqual([200, { ...tokens, refresh_token: refresh }])
      const [before, after] = [claimsOf(access), claimsOf(textIn(answer, 'access_token'))]
      expect(after.jti).not.toBe(before.jti)
      expect([after.origin_jti, after.auth_time]).toEqual([before.origin_jti, before.auth_time])
    }
  })

  it('is 401 for a dead one, every time, and the account is not locked', async () => {
    const app = await startNeris()
    const { refresh } = await signIn(app)
    for (const dead of [`${refresh.slice(0, -4)}AAAA`, 'nonsense', 'eyJhbGciOiJub25lIn0.a.b'])
      for (let call = 0; call < 10; call += 1) {
        const answer = await askToken(app, { grant_type: 'refresh_token', refresh_token: dead }, { as })
        expect([answer.status, answer.body?.error]).toEqual([401, 'invalid_grant'])
        expect(answer.body?.detail).toEqual(expect.any(String))
      }
    expect((await askToken(app, { grant_type: 'refresh_token', refresh_token: refresh }, { as })).status).toBe(200)
    expect((await signIn(app)).access).toBeTruthy()
  })
})

it('tokens that Cognito gave directly are as good', async () => {
  const app = await startNeris()
  const { pool } = app
  const reply = await fetch(pool.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth' },
    body: JSON.stringify({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: pool.clientId,
      AuthParameters: { USERNAME: people.plain.username, PASSWORD: people.plain.password },
    }),
  })
  const { AuthenticationResult: result } = (await reply.json()) as { AuthenticationResult: { AccessToken: string; RefreshToken: string } }
  expect((await send(`${app.url}/v1/entity/FD00000001`, { bearer: result.AccessToken })).status).toBe(200)
  const refreshed = await askToken(app, { grant_type: 'refresh_token', refresh_token: result.RefreshToken })
  expect([refreshed.status, refreshed.body?.refresh_token]).toEqual([200, result.RefreshToken])
})

it('people never get a token that we signed, and integrations never one of Cognito', async () => {
  const app = await startNeris()
  const own = claimsOf(textIn(await askToken(app, { grant_type: 'client_credentials' }, { basic: integrations.plain }), 'access_token'))
  const { access } = await signIn(app)
  expect([own.iss, claimsOf(access).iss]).toEqual(['https://neris.example/v1', app.pool.issuer])
})
