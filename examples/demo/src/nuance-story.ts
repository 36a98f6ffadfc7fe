import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type ExampleApp, startExample } from './example-app.js'
import { createKeyPair, describeKey, type KeyPair } from './key-pair.js'
import type { Try } from './serve.js'
import { type Body, basic, bearer, type Stage, type Step, textIn } from './stage.js'

const client = { client_id: 'belisle', client_secret: 'for-the-demo-only' } as const
const user = { sub: 'sacha.belisle', email: 'sacha@belisle.example' } as const
const authorization = basic(client.client_id, client.client_secret)
const keysPath = `/oauth-server/clients/${client.client_id}/keys`
const tokenPath = '/oauth-server/oauth/token'

/** Who is there at the start: a client that still has to register its first key. */
export const nuanceSeed: object = { clients: [{ ...client, name: 'BELISLE', users: [user.sub], sites: ['306'] }] }

/** Starts the example. It logs why it refuses. */
export const startNuance = (seedFile: string): Promise<ExampleApp> => startExample('nuance', { SEED_FILE: seedFile, LOG_REFUSALS: 'on' })

/** A subject token as the vendor's page has it, put together by hand. */
async function subjectToken(kid: string, sign: (input: string) => Buffer | Promise<Buffer>, alg = 'RS256'): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss: 'BELISLE', aud: 'NUANCE', jti: randomUUID(), ...user, iat, nbf: iat, exp: iat + 86_400 }
  const input = [{ alg, typ: 'JWT', kid }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${(await sign(input)).toString('base64url')}`
}

const signedBy = ({ kid, sign }: KeyPair): Promise<string> => subjectToken(kid, sign)

const exchangeForm = (token: string) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: token,
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
})

function tokenForUser(body: Body): string | undefined {
  const { token_type: type, expires_in: seconds, scope, sites } = body
  const isRight = type === 'bearer' && scope === 'read' && JSON.stringify(sites) === '["306"]' && textIn(body, 'access_token') !== ''
  return isRight ? `bearer for ${String(seconds)} s, scope read, sites 306` : undefined
}

type Wanted = Pick<Step, 'sent' | 'why'>

/** An exchange that succeeds; gives the access token. */
async function exchange(stage: Stage, token: string, wanted: Wanted): Promise<string> {
  const step = { to: tokenPath, authorization, form: exchangeForm(token), status: 200, reads: tokenForUser }
  return textIn(await stage.send({ ...step, ...wanted }), 'access_token')
}

/** Reads an error. */
const error =
  (code: string) =>
  (body: Body): string | undefined =>
    body.error === code ? code : undefined

/** An exchange that is refused. The wire does not tell why, the log does. */
async function refused(stage: Stage, token: string, wanted: Wanted & { readonly reason: string }): Promise<void> {
  const step = { to: tokenPath, authorization, form: exchangeForm(token), status: 400, reads: error('invalid_grant') }
  await stage.send({ ...step, ...wanted })
}

const asksFor = (token: string) => ({ to: 'GET /reporting/v3/ping', authorization: bearer(token) })

const forUser = (body: Body): string | undefined => (body.subject === user.sub ? `the report of ${user.sub}` : undefined)

async function makePair(stage: Stage, folder: string, name: string): Promise<KeyPair> {
  const pair = await createKeyPair(folder, name)
  const isOpenssl = pair.remark === undefined
  stage.tell({
    sent: isOpenssl ? 'openssl genrsa; openssl rsa -pubout' : 'generateKeyPairSync of node:crypto',
    to: isOpenssl ? 'private.pem, public.pem' : 'memory',
    said: `${describeKey(pair)}, public key as SPKI PEM`,
    why: pair.remark ?? '',
    isRight: describeKey(pair) === 'RSA 2048',
    expected: 'RSA 2048',
  })
  return pair
}

async function register(stage: Stage, { kid, publicPem }: KeyPair, sent: string): Promise<void> {
  await stage.send({
    sent,
    to: keysPath,
    authorization,
    json: { kid, public_key_pem: publicPem },
    status: 201,
    reads: (body) => (body.kid === kid && body.state === 'active' ? `kid ${kid}, active` : undefined),
  })
}

const removal = ({ kid }: KeyPair, query = '') => ({
  to: `DELETE ${keysPath}/${kid}${query}`,
  shownTo: 'DELETE …/clients/belisle/keys/{kid}',
})

interface KeyAndToken {
  readonly pair: KeyPair
  readonly accessToken: string
}

/** A key pair is made, registered and used. */
async function firstKey(stage: Stage, folder: string): Promise<KeyAndToken> {
  stage.title('A key pair, registered and used')
  const pair = await makePair(stage, folder, 'first')
  const token = await signedBy(pair)
  const by = `signed by ${pair.madeBy}`
  await refused(stage, token, { sent: 'subject token before the key is known', reason: 'assertion_key_unknown', why: by })
  await register(stage, pair, 'the public key')
  const accessToken = await exchange(stage, token, { sent: 'the same subject token', why: 'what is refused uses nothing up' })
  await refused(stage, token, { sent: 'and once more', reason: 'assertion_replayed', why: 'a jti is good once' })
  const forged = await subjectToken(pair.kid, (input) => createHmac('sha256', pair.publicPem).update(input).digest(), 'HS256')
  const why = 'the algorithm is of the key'
  await refused(stage, forged, { sent: 'HS256, public key for a secret', reason: 'assertion_algorithm', why })
  await stage.send({ sent: 'the access token', ...asksFor(accessToken), status: 200, reads: forUser })
  return { pair, accessToken }
}

/** A client that exchanges one subject token after the other, so that a gap would be seen. */
function startExchanging(url: string, first: KeyPair) {
  const state = { pair: first, lastBy: first, isOver: false, exchanges: 0, gaps: 0 }
  async function goOn(): Promise<void> {
    while (!state.isOver) {
      const { pair } = state
      const body = new URLSearchParams(exchangeForm(await signedBy(pair)))
      const answer = await fetch(`${url}${tokenPath}`, { method: 'POST', headers: { authorization }, body }).catch(() => undefined)
      await answer?.arrayBuffer()
      state.exchanges += 1
      if (answer?.status !== 200) state.gaps += 1
      state.lastBy = pair
      await wait(20)
    }
  }
  const going = goOn()
  const several = async (): Promise<void> => {
    for (const enough = state.exchanges + 3; state.exchanges < enough; ) await wait(10)
  }
  return {
    several,
    /** Comes back when the last exchange by the key before is over. */
    async goOnWith(next: KeyPair): Promise<void> {
      state.pair = next
      while (state.lastBy !== next) await wait(10)
    },
    async stop(): Promise<Readonly<typeof state>> {
      state.isOver = true
      await going
      return state
    },
  }
}

/** The next key is registered while the old one is good; then the old one ends. */
async function rollOver(stage: Stage, { url, folder }: Place, old: KeyAndToken): Promise<KeyAndToken> {
  stage.title('The key is rolled over, while the client goes on exchanging')
  const meanwhile = startExchanging(url, old.pair)
  await meanwhile.several()
  const pair = await makePair(stage, folder, 'next')
  await register(stage, pair, 'the next public key')
  await exchange(stage, await signedBy(old.pair), { sent: 'subject token by the old key', why: 'both are good' })
  const accessToken = await exchange(stage, await signedBy(pair), { sent: 'subject token by the next key' })
  await meanwhile.goOnWith(pair)
  await stage.send({
    sent: 'the old key ends',
    ...removal(old.pair),
    authorization,
    status: 204,
    why: 'its turn is over; nothing leaked',
  })
  await refused(stage, await signedBy(old.pair), { sent: 'subject token by the old key', reason: 'assertion_key_retired' })
  const why = 'it lives on: the key was good'
  await stage.send({ sent: 'access token obtained with it', ...asksFor(old.accessToken), status: 200, reads: forUser, why })
  await meanwhile.several()
  const { exchanges, gaps } = await meanwhile.stop()
  stage.tell({
    sent: 'exchanges meanwhile',
    to: tokenPath,
    status: 200,
    said: `${exchanges - gaps} of ${exchanges} got a token`,
    why: 'no gap',
    isRight: gaps === 0,
    expected: 'all',
  })
  return { pair, accessToken }
}

/** A key that leaked takes with it what was obtained with it, and nothing else. */
async function revoke(stage: Stage, folder: string, { pair, accessToken }: KeyAndToken, old: KeyAndToken): Promise<KeyAndToken> {
  stage.title('That key leaks, and is revoked')
  await stage.send({ sent: 'its access token, before', ...asksFor(accessToken), status: 200, reads: forUser })
  await stage.send({ sent: 'the key, with ?reason=compromised', ...removal(pair, '?reason=compromised'), authorization, status: 204 })
  await refused(stage, await signedBy(pair), { sent: 'subject token by that key', reason: 'assertion_key_revoked' })
  await stage.send({
    sent: 'access token obtained with it',
    ...asksFor(accessToken),
    status: 401,
    reads: error('invalid_token'),
    reason: 'revoked_key',
    withinMs: 3_000,
  })
  const unharmed = { sent: 'access token obtained with the first', ...asksFor(old.accessToken), status: 200, reads: forUser }
  await stage.send({ ...unharmed, why: 'another key, another fate' })
  await stage.send({
    sent: 'the leaked key, registered again',
    to: keysPath,
    authorization,
    json: { kid: `${pair.kid}-2`, public_key_pem: pair.publicPem },
    status: 409,
    reads: error('key_taken'),
  })
  const third = await makePair(stage, folder, 'third')
  await register(stage, third, 'a new public key')
  return { pair: third, accessToken: await exchange(stage, await signedBy(third), { sent: 'subject token by it', why: 'back at work' }) }
}

/** Where it happens. */
export interface Place {
  readonly url: string
  /** For key files. */
  readonly folder: string
}

/** What to try after the story. */
export interface Afterwards {
  readonly accessToken: string
  /** Not used yet. */
  readonly subjectToken: string
}

/** The life of a client's keys. */
export async function playNuance(stage: Stage, place: Place): Promise<Afterwards> {
  const first = await firstKey(stage, place.folder)
  const second = await rollOver(stage, place, first)
  const { pair, accessToken } = await revoke(stage, place.folder, second, first)
  return { accessToken, subjectToken: await signedBy(pair) }
}

/** What to try on it. */
export function nuanceTries(url: string, { accessToken, subjectToken: token }: Afterwards): readonly Try[] {
  const basicOption = `-u '${client.client_id}:${client.client_secret}'`
  const form = Object.entries(exchangeForm(token)).map(([name, value]) => ` -d '${name}=${value}'`)
  return [
    ['a subject token, good for one exchange: the second time 400', `${basicOption} ${url}${tokenPath}${form.join('')}`],
    ['an access token', `${url}/reporting/v3/ping -H 'authorization: Bearer ${accessToken}'`],
    ['the keys of the client, those that ended too', `${basicOption} ${url}${keysPath}`],
  ]
}
