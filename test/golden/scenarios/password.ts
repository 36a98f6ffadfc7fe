import { basicOf, grantType } from '../constants.js'
import type { Ask, Asked } from '../recorder.js'
import { type Scenario, textOf } from '../scenario.js'

const app = basicOf('app')
const signIn = (username: string, password = 'right', form: Readonly<Record<string, string>> = {}): Asked => ({
  headers: app,
  form: { grant_type: 'password', username, password, ...form },
})
const answering = (mfa_token: string, code: string, headers: Readonly<Record<string, string>> = app): Asked => ({
  headers,
  form: { grant_type: grantType.mfa, mfa_token, code },
})
const wrong = (code = ''): string => code.replace(/./, (digit) => String((Number(digit) + 1) % 10))

async function codes(ask: Ask, sent: readonly string[]): Promise<void> {
  const asked = textOf(await ask('a password that needs a code', signIn('Bob')), 'mfa_token')
  const first = textOf(await ask('a wrong code', answering(asked, wrong(sent.at(-1)))), 'mfa_token')
  await ask('a challenge that was answered', answering(asked, sent.at(-1) ?? ''))
  await ask('a challenge without a code', { headers: app, form: { grant_type: grantType.mfa, mfa_token: first } })
  await ask('a code with a scope', { headers: app, form: { grant_type: grantType.mfa, mfa_token: first, code: '1', scope: 'read' } })
  await ask('a code of another client', answering(first, sent.at(-1) ?? '', basicOf('fixed')))
  await ask('a right code, with a space', answering(first, ` ${sent.at(-1)} `))
  await ask('a right code, again', answering(first, sent.at(-1) ?? ''))
  await ask('a challenge that never was', answering('A'.repeat(43), '123456'))
  let second = textOf(await ask('the next sign-in', signIn('bob', 'right', { scope: 'read' })), 'mfa_token')
  for (const n of [1, 2, 3, 4, 5]) second = textOf(await ask(`wrong code ${n} of five`, answering(second, wrong(sent.at(-1)))), 'mfa_token')
  await ask('a right code after five wrong ones', answering(second, sent.at(-1) ?? ''))
}

export const password: Scenario = {
  name: 'password',
  async run({ codes: sent, clock }, ask) {
    await ask('a password', signIn('ann'))
    await ask('a password, with scope and audience', signIn('ann', 'right', { scope: 'read', audience: 'https://other-api.example' }))
    await ask('a wrong password', signIn('ann', 'wrong'))
    await ask('a user that is not known', signIn('nobody'))
    await ask('a disabled user', signIn('carl'))
    await ask('no password', { headers: app, form: { grant_type: 'password', username: 'ann' } })
    await ask('a client that sees no passwords', {
      headers: basicOf('narrow'),
      form: { grant_type: 'password', username: 'ann', password: 'right' },
    })
    await ask('a public client', { form: { grant_type: 'password', client_id: 'public', username: 'ann', password: 'right' } })
    await ask('no client, where there is an anonymous one', { form: { grant_type: 'password', username: 'ann', password: 'right' } })
    await ask('a wrong password, from the anonymous client', { form: { grant_type: 'password', username: 'ann', password: 'wrong' } })
    await codes(ask, sent)
    const late = textOf(await ask('a challenge that will end', signIn('bob')), 'mfa_token')
    clock.advance(301)
    await ask('a code that is too late', answering(late, sent.at(-1) ?? ''))
    const fourth = textOf(await ask('the fourth code in ten minutes', signIn('bob')), 'mfa_token')
    await ask('the sign-in goes on with the code that is open', signIn('bob'))
    await ask('a right code at last', answering(fourth, sent.at(-1) ?? ''))
    await ask('one code too many', signIn('bob'))
  },
}
