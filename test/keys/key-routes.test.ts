import { type ClientAuthenticator, jsonReply, type Route } from '@countersign/core'
import { createSigner, jwkThumbprint, signJwt } from '@countersign/jwt'
import { type KeyRegistry, keyRoutes } from '@countersign/keys'
import { privateKeyOf, publicJwkOf, publicKeyOf, testKeys } from '@countersign/testkit'
import request from 'supertest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { type Deployment, deploy, issuer, startsAt } from './registry-setup.js'

/** Believes whatever client a header names. */
const authenticate: ClientAuthenticator = async ({ headers }) => {
  const clientId = headers['x-client']
  if (typeof clientId === 'string') return { ok: true, clientId }
  return { ok: false, reply: jsonReply(401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic realm="api"' }) }
}

const { es256, es256Other, rs256 } = testKeys
const pem = publicKeyOf(es256).export({ format: 'pem', type: 'spki' }) as string
const jwk = publicJwkOf(es256)
const keysOfA = '/clients/a/keys'

interface App {
  readonly deployment: Deployment
  readonly registry: KeyRegistry
  readonly url: string
  close(): Promise<void>
}

async function startApp(start: (typeof adapters)[number]['start'], requirePossession = false): Promise<App> {
  const deployment = deploy()
  const registry = deployment.start({ requirePossession })
  const table = keyRoutes(registry, { authenticate })
  const server = await start((app) => {
    app.routes(table)
    // The same endpoints behind the parsers of the host.
    const post = table.find(({ method }) => method === 'POST')
    app.handle('POST', '/parsed/:client_id/keys', (post as Route).endpoint, { parsed: true })
  })
  return { deployment, registry, ...server }
}

describe.each(adapters)('on $name', ({ start }) => {
  let app: App
  const as = (client: string) => ({
    list: (path = keysOfA) => request(app.url).get(path).set('x-client', client),
    post: (body: string | object, path = keysOfA) => request(app.url).post(path).set('x-client', client).type('json').send(body),
    end: (path: string) => request(app.url).delete(path).set('x-client', client),
  })

  beforeEach(async () => {
    app = await startApp(start)
  })
  afterEach(() => app.close())

  it('a client registers a PEM, sees it and retires it', async () => {
    const shown = { kid: 'k1', alg: 'ES256', state: 'active', thumbprint: jwkThumbprint(jwk) }
    const created = await as('a').post({ kid: 'k1', public_key_pem: pem }).expect(201)
    expect(created.body).toEqual(shown)
    expect(created.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' })
    const listed = await as('a').list().expect(200)
    expect(listed.body).toEqual({ keys: [shown] })
    expect(listed.headers['cache-control']).toBe('no-store')
    await as('a').end(`${keysOfA}/k1`).expect(204)
    await as('a').end(`${keysOfA}/k1`).expect(204)
    expect((await as('a').list()).body).toMatchObject({ keys: [{ kid: 'k1', state: 'retired' }] })
  })

  it('a client registers a JWK with its times and its algorithm', async () => {
    const times = { not_before: startsAt + 10, expires_at: startsAt + 1000 }
    await as('a')
      .post({ kid: 'k1', jwk, ...times })
      .expect(201, { kid: 'k1', alg: 'ES256', state: 'not_yet_valid', ...times, thumbprint: jwkThumbprint(jwk) })
    const rsaPem = publicKeyOf(rs256).export({ format: 'pem', type: 'spki' })
    await as('a').post({ kid: 'k2', public_key_pem: rsaPem, alg: 'RS384' }).expect(201)
    expect((await as('a').list()).body).toMatchObject({ keys: [{ kid: 'k1' }, { kid: 'k2', alg: 'RS384' }] })
  })

  it('a client reports that a key is compromised: it and its tokens end', async () => {
    await as('a').post({ kid: 'k1', jwk }).expect(201)
    await as('a').end(`${keysOfA}/k1?reason=compromised`).expect(204)
    expect((await as('a').list()).body).toMatchObject({ keys: [{ kid: 'k1', state: 'revoked' }] })
    const { records } = await app.deployment.stores.revocations.since(undefined)
    expect(records.map(({ entry }) => entry)).toEqual([{ type: 'client_key', issuer, thumbprint: jwkThumbprint(jwk) }])
    await as('a').end(`${keysOfA}/k1?reason=compromised`).expect(204)
    await as('a').end(`${keysOfA}/k1`).expect(404)
  })

  it('an operator revokes in code', async () => {
    await as('a').post({ kid: 'k1', jwk }).expect(201)
    await app.registry.clientKeys.revoke('a', 'k1', { reason: 'laptop stolen' })
    expect((await as('a').list()).body).toMatchObject({ keys: [{ state: 'revoked' }] })
  })

  it('a client sees its own keys only, and touches no others', async () => {
    await as('a').post({ kid: 'k1', jwk }).expect(201)
    await as('b').list().expect(403)
    await as('b')
      .post({ kid: 'k2', jwk: publicJwkOf(es256Other) })
      .expect(403)
    await as('b').end(`${keysOfA}/k1`).expect(403)
    await as('b').end(`${keysOfA}/k1?reason=compromised`).expect(403)
    expect((await as('b').list('/clients/b/keys').expect(200)).body).toEqual({ keys: [] })
    await as('b').end('/clients/b/keys/k1').expect(404)
    expect((await as('a').list()).body).toMatchObject({ keys: [{ kid: 'k1', state: 'active' }] })
  })

  it('nobody without credentials, and the authenticator words the answer', async () => {
    const answers = [
      request(app.url).get(keysOfA),
      request(app.url).post(keysOfA).send({ kid: 'k1', jwk }),
      request(app.url).delete(`${keysOfA}/k1`),
    ]
    for (const answer of answers) await answer.expect(401, { error: 'invalid_client' }).expect('www-authenticate', 'Basic realm="api"')
    await request(app.url).put(keysOfA).expect(405)
  })

  it('a name of a client or of a key is taken as it stands in the path', async () => {
    await as('a/b ü').post({ kid: 'k1', jwk }, '/clients/a%2Fb%20%C3%BC/keys').expect(403)
    const client = 'urn:a'
    await as(client).post({ kid: 'k:1', jwk }, '/clients/urn%3Aa/keys').expect(201)
    await as(client).end('/clients/urn%3Aa/keys/k%3A1').expect(204)
    // A hash in Base64.
    await as(client)
      .post({ kid: '/7Y+/w//8=', jwk: publicJwkOf(es256Other) }, '/clients/urn%3Aa/keys')
      .expect(201)
    await as(client).end('/clients/urn%3Aa/keys/%2F7Y').expect(404)
    await as(client).end('/clients/urn%3Aa/keys/%2F7Y%2B%2Fw%2F%2F8%3D').expect(204)
  })

  it('times are epoch seconds or RFC 3339, and null is none; milliseconds are refused with a hint', async () => {
    const expires = new Date((startsAt + 1000) * 1000).toISOString()
    const created = await as('a').post({ kid: 'k1', jwk, not_before: null, expires_at: expires }).expect(201)
    expect(created.body).toEqual({ kid: 'k1', alg: 'ES256', state: 'active', expires_at: startsAt + 1000, thumbprint: jwkThumbprint(jwk) })
    for (const expires_at of ['soon', expires.replace('Z', ''), '2030-99-99T00:00:00Z', true])
      await as('a')
        .post({ kid: 'k2', jwk: publicJwkOf(es256Other), expires_at })
        .expect(400)
    const { body } = await as('a').post({ kid: 'k2', jwk, not_before: 1_800_000_000_000 }).expect(400)
    expect(body).toEqual({ error: 'bad_times', error_description: '1800000000000 looks like milliseconds; times must be epoch seconds.' })
  })

  const faults: readonly (readonly [string, object, number, string])[] = [
    ['a private key', { kid: 'k1', jwk: es256.jwk }, 400, 'private'],
    ['a weak key', { kid: 'k1', jwk: publicJwkOf(testKeys.weakRsa) }, 400, 'weak_rsa'],
    ['a bad kid', { kid: 'a b', jwk }, 400, 'bad_kid'],
    ['bad times', { kid: 'k1', jwk, expires_at: 1 }, 400, 'bad_times'],
    ['an algorithm that does not fit', { kid: 'k1', jwk, alg: 'RS256' }, 400, 'algorithm_mismatch'],
    ['neither key nor PEM', { kid: 'k1' }, 400, 'malformed'],
    ['no kid', { jwk }, 400, 'invalid_request'],
    ['a kid of another type', { kid: 1, jwk }, 400, 'invalid_request'],
    ['a PEM of another type', { kid: 'k1', public_key_pem: {} }, 400, 'invalid_request'],
    ['times of another type', { kid: 'k1', jwk, expires_at: '2030-01-01' }, 400, 'invalid_request'],
    ['an algorithm of another type', { kid: 'k1', jwk, alg: ['ES256'] }, 400, 'invalid_request'],
    ['a list', [{ kid: 'k1', jwk }], 400, 'invalid_request'],
  ]
  it.each(faults)('%s is refused', async (_name, body, status, error) => {
    for (const path of [keysOfA, '/parsed/a/keys']) {
      const answer = await as('a').post(body, path).expect(status)
      expect(answer.body).toEqual({ error, error_description: expect.any(String) })
      expect(answer.headers['cache-control']).toBe('no-store')
    }
    expect((await as('a').list()).body).toEqual({ keys: [] })
  })

  it('a key or a name that is taken is a conflict', async () => {
    await as('a').post({ kid: 'k1', jwk }).expect(201)
    expect((await as('a').post({ kid: 'k2', jwk }).expect(409)).body).toMatchObject({ error: 'key_taken' })
    expect(
      (
        await as('a')
          .post({ kid: 'k1', jwk: publicJwkOf(es256Other) })
          .expect(409)
      ).body,
    ).toMatchObject({ error: 'kid_taken' })
  })

  it('the body is JSON, an object, and not too large', async () => {
    const post = (type: string, body: string) => request(app.url).post(keysOfA).set('x-client', 'a').type(type).send(body)
    await post('application/x-www-form-urlencoded', 'kid=k1').expect(415)
    await post('text/plain', '{}').expect(415)
    for (const body of ['', '{', 'null', '"text"', '[]', '{"kid":"k1"}{}']) await post('json', body).expect(400)
    await post('json', JSON.stringify({ kid: 'k1', jwk, filler: 'x'.repeat(70_000) })).expect(413)
    await post('application/vnd.api+json', JSON.stringify({ kid: 'k1', jwk })).expect(201)
  })

  it('names out of Object.prototype are names like others', async () => {
    const other = publicJwkOf(es256Other)
    await as('a')
      .post(`{"kid":"__proto__","jwk":${JSON.stringify(jwk)},"__proto__":{"expires_at":1}}`)
      .expect(201)
    await as('a').post({ kid: 'constructor', jwk: other }).expect(201)
    await as('a').end(`${keysOfA}/toString`).expect(404)
    await as('a').end(`${keysOfA}/__proto__`).expect(204)
    await as('__proto__').list('/clients/__proto__/keys').expect(200, { keys: [] })
    await as('a').post('{"__proto__":{"kid":"k1"}}').expect(400)
  })

  it('what the host has parsed is taken', async () => {
    await as('a').post({ kid: 'k1', jwk }, '/parsed/a/keys').expect(201)
    await as('b')
      .post({ kid: 'k2', jwk: publicJwkOf(es256Other) }, '/parsed/a/keys')
      .expect(403)
  })

  it('another reason than compromised is refused, and ends nothing', async () => {
    await as('a').post({ kid: 'k1', jwk }).expect(201)
    for (const reason of ['Compromised', '', 'superseded']) await as('a').end(`${keysOfA}/k1?reason=${reason}`).expect(400)
    await as('a').end(`${keysOfA}/k1?reason=superseded&reason=compromised`).expect(400)
    expect((await as('a').list()).body).toMatchObject({ keys: [{ state: 'active' }] })
  })

  it('an outage of the store is 503', async () => {
    app.deployment.keys.isDown = true
    await as('a').list().expect(503)
    await as('a').post({ kid: 'k1', jwk }).expect(503)
    await as('a').end(`${keysOfA}/k1`).expect(503)
  })
})

describe.each(adapters)('where possession is required, on $name', ({ start }) => {
  it('a client confirms its key with a proof', async () => {
    const app = await startApp(start, true)
    const confirm = (proof: unknown) => request(app.url).post(`${keysOfA}/k1/confirmation`).set('x-client', 'a').send({ proof })
    const created = await request(app.url).post(keysOfA).set('x-client', 'a').send({ kid: 'k1', jwk }).expect(201)
    expect(created.body).toMatchObject({ state: 'pending' })
    const signer = createSigner({ key: privateKeyOf(es256), algorithm: 'ES256' })
    const proof = await signJwt({ iss: 'a', aud: issuer, exp: startsAt + 60 }, { signer, typ: 'key-possession+jwt' })
    for (const bad of ['proof', undefined, 7]) expect((await confirm(bad).expect(400)).body).toMatchObject({ error: expect.any(String) })
    await request(app.url).post(`${keysOfA}/k1/confirmation`).set('x-client', 'b').send({ proof }).expect(403)
    await confirm(proof).expect(204)
    const listed = await request(app.url).get(keysOfA).set('x-client', 'a')
    expect(listed.body).toMatchObject({ keys: [{ state: 'active' }] })
    await app.close()
  })
})

it('without the client in the path, the authenticated one is meant', async () => {
  const registry = deploy().start()
  const [list] = keyRoutes(registry, { authenticate, path: '/my/keys' })
  await registry.clientKeys.register({ owner: 'a', kid: 'k1', jwk })
  const reply = await list?.endpoint({ method: 'GET', url: '/my/keys', headers: { 'x-client': 'a' }, params: {} })
  expect(JSON.parse(String(reply?.body))).toMatchObject({ keys: [{ kid: 'k1' }] })
})

it('a wrong option ends the start-up', () => {
  const registry = deploy().start()
  expect(() => keyRoutes(registry, {} as never)).toThrow(TypeError)
  expect(() => keyRoutes({} as never, { authenticate })).toThrow(TypeError)
})
