import { type ExampleApp, startExample } from './example-app.js'
import type { Mailbox } from './mailbox.js'
import type { Try } from './serve.js'
import { type Body, basic, bearer, type Stage, textIn } from './stage.js'

const vendor = 'VN00000001'
const department = 'FD00000001'
/** A person with a second factor, who acts for a vendor and for a department. */
const chief = { username: 'chief@fire.example', password: 'fire & water' } as const

/** Who is there at the start: one person, and no integration. */
export const nerisSeed: object = { users: [{ ...chief, mfa: 'email_otp', entities: [vendor, department] }] }

/** Starts the example. It mails its codes. */
export const startNeris = (seedFile: string, { url }: Mailbox): Promise<ExampleApp> =>
  startExample('neris', { SEED_FILE: seedFile, SMTP_URL: url, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' })

/** What the story leaves behind. */
export interface Integration {
  readonly id: string
  readonly secret: string
  readonly accessToken: string
}

const issuers = [
  { begins: 'https://cognito-idp.us-east-2.amazonaws.com/', name: 'the user pool' },
  { begins: 'https://neris.example/v1', name: 'NERIS' },
] as const

/** Whose signature an access token has, and of which kind it is. */
function signatureOf(token: string): string {
  const [header = '', claims = ''] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
  if (!header.startsWith('{') || !claims.startsWith('{')) return 'no JWT'
  const { alg } = JSON.parse(header) as { readonly alg?: string }
  const { iss } = JSON.parse(claims) as { readonly iss?: string }
  const signer = issuers.find(({ begins }) => iss?.startsWith(begins))?.name ?? 'somebody'
  return `${alg ?? 'nothing'} by ${signer}`
}

/** Reads an answer with tokens. */
const tokens =
  (signature: string) =>
  (body: Body): string | undefined =>
    signatureOf(textIn(body, 'access_token')) === signature && textIn(body, 'refresh_token') !== ''
      ? `${signature}; a refresh token`
      : undefined

const byPool = tokens('RS256 by the user pool')
const byNeris = tokens('ES256 by NERIS')

/** Whether it asks for the mailed code. */
const asksForCode = (body: Body): boolean => body.challenge_name === 'email_otp' && textIn(body, 'session') !== ''

/** Reads the mail, and tells about it. */
async function codeFromMail(stage: Stage, mailbox: Mailbox): Promise<string> {
  const { to, text } = await mailbox.first()
  const codes = text.match(/\d+/g) ?? []
  const [code = ''] = codes
  stage.tell({
    sent: `a mail for ${to.join(', ')}`,
    to: mailbox.url,
    said: `"${text.split('\n')[0] ?? ''}"`,
    why: 'sent by the app, received by the demo',
    isRight: to.join() === chief.username && codes.length === 1 && /^\d{6,8}$/.test(code),
    expected: `one code for ${chief.username}`,
  })
  return code
}

/** A person signs in with a mailed code. */
async function signIn(stage: Stage, mailbox: Mailbox): Promise<string> {
  stage.title('A person signs in with a mailed code')
  const { username } = chief
  const asked = await stage.send({
    sent: `name and password of ${username}`,
    to: '/v1/token',
    form: { grant_type: 'password', ...chief },
    status: 202,
    reads: (body) => (asksForCode(body) ? 'asks for email_otp' : undefined),
    why: 'no token before the second factor',
  })
  const code = await codeFromMail(stage, mailbox)
  const answer = (body: Body, email_otp: string) => ({
    to: '/v1/token',
    form: { grant_type: 'email_otp', username, session: textIn(body, 'session'), email_otp },
  })
  const askedAgain = await stage.send({
    sent: 'a wrong code',
    ...answer(asked, code === '000000' ? '000001' : '000000'),
    status: 202,
    reads: (body) => (asksForCode(body) && body.session !== asked.session ? 'asks again, with a new session' : undefined),
    why: 'no second mail: the code is the same',
  })
  const signedIn = await stage.send({
    sent: 'the code from the mail',
    ...answer(askedAgain, code),
    status: 200,
    reads: (body) => (mailbox.count() === 1 ? byPool(body) : undefined),
    why: 'one of two signatures',
  })
  const refreshed = await stage.send({
    sent: 'refresh of the person',
    to: '/v1/token',
    form: { grant_type: 'refresh_token', refresh_token: textIn(signedIn, 'refresh_token') },
    status: 200,
    reads: (body) => (byPool(body) && body.refresh_token === signedIn.refresh_token ? 'the same refresh token' : undefined),
    why: 'good for 90 minutes from the sign-in on',
  })
  return bearer(textIn(refreshed, 'access_token'))
}

interface Granted extends Integration {
  readonly refreshToken: string
}

/** The person makes an integration, and that gets a token. */
async function createIntegration(stage: Stage, person: string): Promise<Granted> {
  stage.title('The person creates an integration, which gets a token')
  const made = await stage.send({
    sent: 'an integration, by the person',
    to: `/v1/account/integration/${vendor}`,
    authorization: person,
    json: { title: 'Dispatch', type: 'CAD' },
    status: 201,
    reads: (body) => (textIn(body, 'client_secret').startsWith('neris_test_') ? 'client_id, client_secret neris_test_…' : undefined),
    why: 'a second factor was proved',
  })
  const [id, secret] = [textIn(made, 'client_id'), textIn(made, 'client_secret')]
  const granted = await stage.send({
    sent: 'client_credentials of the integration',
    to: '/v1/token',
    authorization: basic(id, secret),
    form: { grant_type: 'client_credentials' },
    status: 200,
    reads: byNeris,
    why: 'the other signature',
  })
  return { id, secret, accessToken: textIn(granted, 'access_token'), refreshToken: textIn(granted, 'refresh_token') }
}

/** It is refused until the department enrolls it; then it works, and goes on with a refreshed token. */
async function work(stage: Stage, { id, secret, accessToken, refreshToken }: Granted, person: string): Promise<Integration> {
  stage.title('It may do nothing for a department until that enrolls it')
  const incident = { to: `/v1/incident/${department}`, authorization: bearer(accessToken) }
  const enrollment = { to: `/v1/account/enrollment/${department}/${id}`, shownTo: `/v1/account/enrollment/${department}/{id}` }
  const reportedBy = (body: Body): string | undefined => (body.reported_by === id ? 'reported_by is its client_id' : undefined)
  const refusal = (text: RegExp) => ({
    status: 403,
    reads: (body: Body) => (text.test(textIn(body, 'detail')) ? `"${textIn(body, 'detail')}"` : undefined),
  })
  await stage.send({
    sent: 'an incident, by the integration',
    ...incident,
    ...refusal(/not enrolled/),
  })
  await stage.send({
    ...enrollment,
    sent: 'its enrollment, by itself',
    authorization: bearer(accessToken),
    ...refusal(/for persons/),
  })
  await stage.send({
    ...enrollment,
    sent: 'its enrollment, by the person',
    authorization: person,
    status: 201,
    reads: (body) => (body.client_id === id && body.neris_id === department ? `enrolled for ${department}` : undefined),
  })
  await stage.send({ sent: 'the incident again, same token', ...incident, status: 201, reads: reportedBy })
  const refreshed = await stage.send({
    sent: 'refresh of the integration',
    to: '/v1/token',
    authorization: basic(id, secret),
    form: { grant_type: 'refresh_token', refresh_token: refreshToken },
    status: 200,
    reads: (body) =>
      byNeris(body) && body.refresh_token !== refreshToken && body.access_token !== accessToken ? 'two new tokens' : undefined,
    why: 'an integration gets another each time',
  })
  const fresh = textIn(refreshed, 'access_token')
  await stage.send({ ...incident, sent: 'an incident, new token', authorization: bearer(fresh), status: 201, reads: reportedBy })
  return { id, secret, accessToken: fresh }
}

/** One person, one integration, from the sign-in to the incident. */
export async function playNeris(stage: Stage, mailbox: Mailbox): Promise<Integration> {
  const person = await signIn(stage, mailbox)
  return work(stage, await createIntegration(stage, person), person)
}

/** What to try on it. */
export function nerisTries(url: string, { id, secret, accessToken }: Integration): readonly Try[] {
  const form = (fields: Readonly<Record<string, string>>): string =>
    Object.entries(fields)
      .map(([name, value]) => ` --data-urlencode '${name}=${value}'`)
      .join('')
  return [
    ['the integration asks for a token', `-u '${id}:${secret}' ${url}/v1/token -d grant_type=client_credentials`],
    ['and reports an incident', `-X POST ${url}/v1/incident/${department} -H 'authorization: Bearer ${accessToken}'`],
    ['for a department that has not enrolled it: 403', `-X POST ${url}/v1/incident/FD00000002 -H 'authorization: Bearer ${accessToken}'`],
    ['the person signs in: 202, and the mail is shown here', `${url}/v1/token${form({ grant_type: 'password', ...chief })}`],
    [
      'with session and code of those',
      `${url}/v1/token${form({ grant_type: 'email_otp', username: chief.username, session: 'SESSION', email_otp: 'CODE' })}`,
    ],
  ]
}
