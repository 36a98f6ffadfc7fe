import type { Running } from './neris-app.js'
import { people } from './neris-app.js'
import { type Answer, askToken, type Encoding, textIn } from './neris-requests.js'

type Person = { readonly username: string; readonly password: string }

/** Begins to sign in. */
export function password(app: Pick<Running, 'url'>, { username, password: secret }: Person, as: Encoding = 'form'): Promise<Answer> {
  return askToken(app, { grant_type: 'password', username, password: secret }, { as })
}

/** Answers a challenge by e-mail. */
export function answerMail(
  app: Pick<Running, 'url'>,
  { session, code, username = people.mail.username }: { readonly session: string; readonly code: string; readonly username?: string },
  as: Encoding = 'form',
): Promise<Answer> {
  return askToken(app, { grant_type: 'email_otp', username, session, email_otp: code }, { as })
}

/** Signs in with a code by e-mail. */
export async function signIn(app: Running, person: Person = people.mail): Promise<{ readonly access: string; readonly refresh: string }> {
  const session = textIn(await password(app, person), 'session')
  const answer = await answerMail(app, { session, code: app.code(), username: person.username })
  return { access: textIn(answer, 'access_token'), refresh: textIn(answer, 'refresh_token') }
}
