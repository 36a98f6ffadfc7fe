import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, startApp } from './nuance-app.js'
import {
  type Answer,
  day,
  errorOf,
  exchange,
  exchangeType,
  ping,
  refusalOf,
  seconds,
  send,
  signed,
  subjectClaims,
  subjectHeader,
  tokenPath,
} from './nuance-requests.js'
import { keyOf, rsaPair, type SeedFile, seedClient, writeSeed } from './nuance-seed.js'

const [first, second, ended, coming, foreign, stranger] = [rsaPair(), rsaPair(), rsaPair(), rsaPair(), rsaPair(), rsaPair()]
const montreal = { id: 'montreal', secret: 'secret-of-montreal' }
const often = { id: 'often', secret: 'secret-of-often' }
const nobody = { id: 'nobody', secret: 'secret-of-nobody' }
const running: { app: App; seed: SeedFile } = {} as never

beforeAll(async () => {
  const now = seconds()
  running.seed = await writeSeed(
    seedClient({
      keys: [
        keyOf('k1', first),
        keyOf('k2', second),
        { ...keyOf('ended', ended), not_before: now - day, expires_at: now - 1 },
        { ...keyOf('coming', coming), not_before: new Date((now + 3600) * 1000).toISOString(), expires_at: null },
      ],
      users: ['sacha.belisle', 'kim'],
    }),
    seedClient({
      client_id: montreal.id,
      client_secret: montreal.secret,
      name: 'MONTREAL',
      keys: [keyOf('k1', foreign), keyOf('m1', stranger)],
    }),
    seedClient({
      client_id: often.id,
      client_secret: often.secret,
      name: 'OFTEN',
      keys: [keyOf('k1', rsaOften)],
      jti: 'any',
      assertion_life_seconds: 300,
    }),
    seedClient({ client_id: nobody.id, client_secret: nobody.secret, name: 'NOBODY', keys: [keyOf('k1', rsaNobody)], users: [] }),
  )
  running.app = await startApp({ SEED_FILE: running.seed.path })
})
afterAll(async () => {
  await running.app?.end()
  await running.seed?.remove()
})
const [rsaOften, rsaNobody] = [rsaPair(), rsaPair()]

/** Good in every way but for the changes. */
const good = (changes: Readonly<Record<string, unknown>> = {}, header: object = {}, key = first.privateKey): string =>
  signed(key, subjectClaims(changes), { ...subjectHeader('k1'), ...header })

describe('a subject token of the vendor’s page', () => {
  it('gets exactly the members of the page, for its user', async () => {
    const answer = await exchange(running.app, good())
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: expect.any(Number),
      scope: 'read',
      sites: ['306'],
      jti: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    })
    expect(answer.body.expires_in).toBeLessThanOrEqual(7199)
    expect(answer.body.expires_in).toBeGreaterThanOrEqual(7198)
    expect([answer.headers.get('cache-control'), answer.headers.get('pragma')]).toEqual(['no-store', 'no-cache'])
    const { body } = await ping(running.app, answer.body.access_token)
    expect(body).toEqual({ subject: 'sacha.belisle', client: 'belisle', sites: ['306'] })
  })

  it('may have been signed before the app was first started, and lives for a day', async () => {
    expect(errorOf(await exchange(running.app, good({ iat: seconds() - 3600, nbf: seconds() - 3600, exp: seconds() + 82_800 })))).toBe(
      '200',
    )
  })

  it('is good with either of two keys, and without a typ, for each user of its client', async () => {
    expect(errorOf(await exchange(running.app, good({ sub: 'kim' }, { kid: 'k2' }, second.privateKey)))).toBe('200')
    expect(errorOf(await exchange(running.app, good({}, { typ: undefined })))).toBe('200')
    expect(errorOf(await exchange(running.app, good({ aud: ['NUANCE'] })))).toBe('200')
  })

  it('never gets a token that outlives it', async () => {
    const { body } = await exchange(running.app, good({ exp: seconds() + 60 }))
    expect(body.expires_in).toBeLessThanOrEqual(60)
    expect(body.expires_in).toBeGreaterThanOrEqual(57)
  })
})

/** Everything that is wrong with a subject token or its user: one error on the wire, and what it was in the log. */
const faults: readonly (readonly [name: string, token: (jti: string) => string, reason: string])[] = [
  ['of a key that nobody registered', (jti) => good({ jti }, {}, rsaPair().privateKey), 'assertion_signature'],
  ['with the kid of another key', (jti) => good({ jti }, { kid: 'k2' }), 'assertion_signature'],
  ['with a kid of another client', (jti) => good({ jti }, { kid: 'm1' }, stranger.privateKey), 'assertion_key_unknown'],
  ['with a kid that two clients have, and the key of the other', (jti) => good({ jti }, {}, foreign.privateKey), 'assertion_signature'],
  ['with an unknown kid', (jti) => good({ jti }, { kid: 'k9' }), 'assertion_key_unknown'],
  ['without a kid, where two keys would fit', (jti) => good({ jti }, { kid: undefined }), 'assertion_key_unknown'],
  ['of an expired key', (jti) => good({ jti }, { kid: 'ended' }, ended.privateKey), 'assertion_key_expired'],
  ['of a key that is not valid yet', (jti) => good({ jti }, { kid: 'coming' }, coming.privateKey), 'assertion_key_not_yet_valid'],
  ['for another audience', (jti) => good({ jti, aud: 'OTHER' }), 'assertion_audience'],
  ['for an audience in other letters', (jti) => good({ jti, aud: 'nuance' }), 'assertion_audience'],
  ['for two audiences', (jti) => good({ jti, aud: ['NUANCE', 'OTHER'] }), 'assertion_audience'],
  ['for no audience', (jti) => good({ jti, aud: undefined }), 'assertion_audience'],
  ['of another issuer', (jti) => good({ jti, iss: 'MONTREAL' }), 'assertion_issuer'],
  ['of the client’s id instead of its name', (jti) => good({ jti, iss: 'belisle' }), 'assertion_issuer'],
  ['that lives too long', (jti) => good({ jti, exp: seconds() + day + 60 }), 'assertion_life'],
  ['that lives for ever', (jti) => good({ jti, exp: undefined }), 'assertion_malformed'],
  ['issued in the future', (jti) => good({ jti, iat: seconds() + 60, nbf: undefined }), 'assertion_issued_in_future'],
  ['that is not valid yet', (jti) => good({ jti, nbf: seconds() + 60 }), 'assertion_not_yet_valid'],
  ['that has expired', (jti) => good({ jti, iat: seconds() - 120, nbf: undefined, exp: seconds() - 30 }), 'assertion_expired'],
  ['for a user of nobody', (jti) => good({ jti, sub: 'mallory' }), 'assertion_subject'],
  ['for the client itself', (jti) => good({ jti, sub: 'BELISLE' }), 'denied_by_policy'],
  ['for no user', (jti) => good({ jti, sub: undefined }), 'denied_by_policy'],
  ['for an actor', (jti) => good({ jti, act: { sub: 'kim' } }), 'assertion_delegated'],
  ['that is an access token', (jti) => good({ jti }, { typ: 'at+jwt' }), 'assertion_type'],
  ['without a signature', (jti) => `${good({ jti }, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`, 'assertion_malformed'],
  ['whose signature is of another one', (jti) => swap(good({ jti }), good({ jti, sub: 'kim' })), 'assertion_signature'],
  ['that is none', () => 'not.a.token', 'assertion_malformed'],
]

function swap(token: string, other: string): string {
  return [...token.split('.').slice(0, 2), other.split('.')[2]].join('.')
}

describe('a subject token is refused, and burns nothing,', () => {
  it.each(faults)('%s', async (_name, token, reason) => {
    const jti = randomUUID()
    const bad = token(jti)
    const request = (): Promise<Answer> => exchange(running.app, bad)
    expect(await refusalOf(running.app, request)).toBe(`400 invalid_grant ${reason}`)
    const { text, headers } = await request()
    expect(text).toBe('{"error":"invalid_grant","error_description":"Invalid subject token"}')
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache'])
    // The id is as good as new.
    expect(errorOf(await exchange(running.app, good({ jti })))).toBe('200')
  })

  it('without a jti, where each works once', async () => {
    expect(await refusalOf(running.app, () => exchange(running.app, good({ jti: undefined })))).toBe('400 invalid_grant assertion_jti')
  })

  it('of a client that has no users', async () => {
    const token = good({ iss: 'NOBODY' }, {}, rsaNobody.privateKey)
    expect(await refusalOf(running.app, () => exchange(running.app, token, { as: nobody }))).toBe('400 invalid_grant denied_by_policy')
  })
})

describe('a jti', () => {
  it('works once: of 64 requests at once exactly one gets a token', async () => {
    const token = good()
    const answers = await Promise.all(Array.from({ length: 64 }, () => exchange(running.app, token)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(answers.filter(({ status }) => status !== 200).map(errorOf))).toEqual(new Set(['400 invalid_grant']))
    expect(await refusalOf(running.app, () => exchange(running.app, token))).toBe('400 invalid_grant assertion_replayed')
  })

  it('is its client’s own: another one may use the same', async () => {
    const jti = randomUUID()
    expect(errorOf(await exchange(running.app, good({ jti })))).toBe('200')
    const other = good({ jti, iss: 'MONTREAL' }, {}, foreign.privateKey)
    expect(errorOf(await exchange(running.app, other, { as: montreal }))).toBe('200')
    expect(errorOf(await exchange(running.app, good({ jti, sub: 'kim' })))).toBe('400 invalid_grant')
  })

  it('works as often as its client is registered for, which may leave it out, too', async () => {
    const changes = { iss: 'OFTEN', exp: seconds() + 300 }
    for (const jti of [randomUUID(), undefined]) {
      const token = good({ ...changes, jti }, {}, rsaOften.privateKey)
      for (let time = 0; time < 3; time += 1) expect(errorOf(await exchange(running.app, token, { as: often }))).toBe('200')
    }
  })

  it('is not burned by a request that fails for another reason', async () => {
    const token = good()
    const wrong: readonly (readonly [object, string])[] = [
      [{ scope: 'write' }, '400 invalid_scope'],
      [{ scope: 'read write' }, '400 invalid_scope'],
      [{ subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' }, '400 invalid_request'],
      [{ subject_token_type: 'jwt' }, '400 invalid_request'],
      [{ subject_token_type: '' }, '400 invalid_request'],
      [{ requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, '400 invalid_request'],
      [{ actor_token: token, actor_token_type: 'urn:ietf:params:oauth:token-type:jwt' }, '400 invalid_request'],
      [{ audience: 'https://elsewhere.example' }, '400 invalid_target'],
      [{ resource: 'https://elsewhere.example' }, '400 invalid_target'],
      [{ client_id: 'montreal' }, '400 invalid_request'],
      [{ client_secret: 'secret-of-belisle' }, '400 invalid_request'],
      [{ grant_type: 'urn:ietf:params:oauth:grant-type:saml2-bearer' }, '400 unsupported_grant_type'],
    ]
    for (const [form, expected] of wrong) expect([form, errorOf(await exchange(running.app, token, { form }))]).toEqual([form, expected])
    expect(errorOf(await exchange(running.app, token, { as: { id: 'belisle', secret: 'wrong' } }))).toBe('401 invalid_client')
    expect(errorOf(await exchange(running.app, token, { as: montreal }))).toBe('400 invalid_grant')
    const anonymous = await send(running.app, tokenPath, { form: { grant_type: exchangeType, subject_token: token, client_id: 'belisle' } })
    expect(errorOf(anonymous)).toBe('401 unauthorized')
    expect(errorOf(await exchange(running.app, token))).toBe('200')
  })
})

it('the longest life is its client’s: 300 s here, a day there', async () => {
  const short = good({ iss: 'OFTEN', exp: seconds() + 301 }, {}, rsaOften.privateKey)
  expect(await refusalOf(running.app, () => exchange(running.app, short, { as: often }))).toBe('400 invalid_grant assertion_life')
})

it('neither log nor answer ever holds a token', () => {
  expect(running.app.output()).not.toContain('eyJ')
  expect(running.app.output()).not.toContain('secret-of')
})
