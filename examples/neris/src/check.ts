import { equal, match, notEqual } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const vendor = 'VN00000001'
const department = 'FD00000001'
const seeded = { id: '7a0b4e1c-7a55-4f52-9d0c-2b8d5a0e0001', secret: 'a secret: with colons' }
const person = { username: 'chief@fire.example', password: 'p&w' }
const folder = await mkdtemp(join(tmpdir(), 'neris-check-'))
const SEED_FILE = join(folder, 'seed.json')
await writeFile(
  SEED_FILE,
  JSON.stringify({
    users: [{ ...person, mfa: 'email_otp', entities: [vendor, department] }],
    integrations: [
      { client_id: seeded.id, client_secret: seeded.secret, entity_id: vendor, title: 'Dispatch', type: 'CAD', refresh: 'none' },
    ],
    enrollments: [{ entity_id: department, client_id: seeded.id }],
  }),
)

const app = spawn(process.execPath, [fileURLToPath(new URL('app.js', import.meta.url))], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { PATH: process.env.PATH, PORT: '0', SEED_FILE },
})
const ended = once(app, 'exit')
const lines = createInterface(app.stdout)[Symbol.asyncIterator]()

/** What follows in the next line that begins like this. */
async function printed(start: string): Promise<string> {
  for (;;) {
    const line = await lines.next()
    if (line.done === true) throw new Error('the app ended early')
    if (line.value.startsWith(start)) return line.value.slice(start.length)
  }
}

interface Sent {
  readonly method?: string
  readonly json?: object
  readonly form?: Readonly<Record<string, string>>
  /** The whole header. */
  readonly authorization?: string
}

interface Answer {
  readonly status: number
  readonly text: string
  /** Members of a JSON object that are texts. */
  readonly body: Readonly<Record<string, string | undefined>>
}

async function send(path: string, { method = 'POST', json, form, authorization }: Sent = {}): Promise<Answer> {
  const headers = { ...(json && { 'content-type': 'application/json' }), ...(authorization !== undefined && { authorization }) }
  const body = json ? JSON.stringify(json) : form && new URLSearchParams(form)
  const answer = await fetch(url + path, { method, headers, ...(body !== undefined && { body }) })
  const text = await answer.text()
  return { status: answer.status, text, body: text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : {} }
}

async function check(name: string, asked: Promise<Answer>, status: number): Promise<Answer['body']> {
  const answer = await asked
  equal(answer.status, status, `${name}: ${answer.text}`)
  console.log(`ok  ${status}  ${name}`)
  return answer.body
}

const basic = ({ id = '', secret = '' }: { readonly id?: string | undefined; readonly secret?: string | undefined }): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
const token = (form: Readonly<Record<string, string>>, authorization?: string): Promise<Answer> =>
  send('/v1/token', { form, ...(authorization !== undefined && { authorization }) })
const credentials = { grant_type: 'client_credentials' }

async function integrations(): Promise<void> {
  const authorization = basic(seeded)
  await check('client_credentials as JSON', send('/v1/token/', { json: credentials, authorization }), 200)
  const { access_token: access } = await check('client_credentials as a form', token(credentials, authorization), 200)
  await check('a wrong secret', token(credentials, basic({ ...seeded, secret: 'wrong' })), 401)
  const bearer = `Bearer ${access}`
  await check('an entity', send(`/v1/entity/${department}`, { method: 'GET', authorization: bearer }), 200)
  await check('an incident, enrolled', send(`/v1/incident/${department}`, { authorization: bearer }), 201)
  const { detail = '' } = await check('and not enrolled', send('/v1/incident/FD00000002', { authorization: bearer }), 403)
  match(detail, /not enrolled/)
  await check('an empty bearer', send(`/v1/entity/${department}`, { method: 'GET', authorization: 'Bearer ' }), 401)
}

/** Signs in with a wrong code, then with the right one. */
async function signIn(): Promise<string> {
  const { username } = person
  const { challenge_name: name, session = '' } = await check('a password', token({ grant_type: 'password', ...person }), 202)
  equal(name, 'email_otp')
  const code = await printed(`code for ${username}: `)
  const answer = (at: string, email_otp: string): Promise<Answer> => token({ grant_type: 'email_otp', username, session: at, email_otp })
  const { session: fresh = '' } = await check('a wrong code', answer(session, code === '000000' ? '000001' : '000000'), 202)
  notEqual(fresh, session)
  const { access_token: access = '', refresh_token: refresh = '' } = await check('the right code', answer(fresh, code), 200)
  const refreshed = await check('a refresh', token({ grant_type: 'refresh_token', refresh_token: refresh }, `Bearer ${access}`), 200)
  equal(refreshed.refresh_token, refresh)
  return `Bearer ${access}`
}

async function accounts(authorization: string): Promise<void> {
  const wanted = { json: { title: 'New', type: 'RMS' }, authorization }
  const { client_id: id = '', client_secret: secret } = await check(
    'an integration',
    send(`/v1/account/integration/${vendor}`, wanted),
    201,
  )
  const { access_token: access, refresh_token: refresh = '' } = await check('its token', token(credentials, basic({ id, secret })), 200)
  await check('its refresh', token({ grant_type: 'refresh_token', refresh_token: refresh }, basic({ id, secret })), 200)
  const report = (): Promise<Answer> => send(`/v1/incident/${department}`, { authorization: `Bearer ${access}` })
  await check('an incident before enrollment', report(), 403)
  await check('its enrollment', send(`/v1/account/enrollment/${department}/${id}`, { authorization }), 201)
  await check('an incident', report(), 201)
  await check(
    'accounts for an integration',
    send(`/v1/account/integration/${vendor}`, { ...wanted, authorization: `Bearer ${access}` }),
    403,
  )
  await check('its deletion', send(`/v1/account/integration/${id}`, { method: 'DELETE', authorization }), 204)
  await check('a token after that', token(credentials, basic({ id, secret })), 401)
}

const url = await printed('listening ')
try {
  await check('health', send('/v1/health', { method: 'GET' }), 200)
  await integrations()
  await accounts(await signIn())
  await check('no grant_type', token({}), 422)
} finally {
  app.kill('SIGTERM')
  await rm(folder, { recursive: true })
}
equal((await ended)[0], 0, 'the app ends on SIGTERM')
