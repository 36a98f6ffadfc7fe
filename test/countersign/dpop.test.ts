import { createHash } from 'node:crypto'
import { createRouteMatcher, onEvent, type ReplayStore, type WireRequest } from '@countersign/core'
import { createAuthorizationServer, memoryStores } from 'countersign'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientKey, clientKey, proofOf } from '../dpop/proofs.js'
import { answerOf, issuer, newClient, options, servers } from './server-setup.js'

const made = servers()
const clock = { aheadMs: 0 }
const now = (): number => Date.now() + clock.aheadMs
/** A server whose stores remember an hour, so that they can tell of each proof. */
const all = {
  create(changes: Parameters<typeof made.create>[0]) {
    const server = made.create({ stores: memoryStores({ now }), now, ...changes })
    clock.aheadMs += 3_600_000
    return server
  },
}
afterAll(() => made.closeAll())
const keys: { one: ClientKey } = { one: undefined as never }
beforeAll(async () => {
  keys.one = await clientKey('ES256')
})

type Changes = Parameters<typeof made.create>[0]
type Server = ReturnType<typeof all.create>
const form = { grant_type: 'client_credentials' }
const dpop = { senderConstraint: { dpop: {} } }
const both: Changes = { tokenEndpoint: dpop, guard: dpop }

/** A proof for a request to this server. */
function proof(htm: string, path: string, token?: string): Promise<string> {
  const ath = token === undefined ? undefined : createHash('sha256').update(token).digest('base64url')
  return proofOf(keys.one, { claims: { htm, htu: issuer + path, iat: now() / 1000, ath } })
}

/** Asks the token endpoint with a proof. */
async function askWith(
  server: Server,
  basic: readonly [string, string],
  field: string,
  path = '/token',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const found = createRouteMatcher(server.routes)('POST', path)
  if (found.outcome !== 'matched') throw new Error('no route')
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    authorization: `Basic ${Buffer.from(basic.join(':')).toString('base64')}`,
    dpop: field,
  }
  const { status, body } = await found.endpoint({ method: 'POST', url: path, headers, body: form })
  return { status, body: JSON.parse(String(body)) as Record<string, unknown> }
}

async function boundToken(server: Server, basic: readonly [string, string]): Promise<string> {
  const { status, body } = await askWith(server, basic, await proof('POST', '/token'))
  expect([status, body.token_type]).toEqual([200, 'DPoP'])
  return String(body.access_token)
}

const requestWith = (authorization: string, field?: string): WireRequest => ({
  method: 'GET',
  url: '/jobs',
  headers: { authorization, ...(field !== undefined && { dpop: field }) },
})

const isActive = async (server: Server, basic: readonly [string, string], token: string): Promise<unknown> =>
  (await answerOf(server.routes, 'POST', '/introspect', { form: { token }, basic }))?.body

describe('a server whose clients prove their keys', () => {
  it('gives a bound token, admits it with its proof, shows it at introspection, and revokes it', async () => {
    const server = all.create(both)
    const basic = await newClient(server)
    const token = await boundToken(server, basic)
    const use = async (): Promise<boolean> =>
      (await server.guard.check(requestWith(`DPoP ${token}`, await proof('GET', '/jobs', token)))).ok
    expect(await use()).toBe(true)
    expect((await server.guard.check(requestWith(`Bearer ${token}`))).ok).toBe(false)
    expect(await isActive(server, basic, token)).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: keys.one.thumbprint } })
    expect((await answerOf(server.routes, 'POST', '/revoke', { form: { token }, basic }))?.status).toBe(200)
    expect(await isActive(server, basic, token)).toEqual({ active: false })
    expect(await use()).toBe(false)
  })

  it('can demand that every token of its own is bound', async () => {
    const server = all.create({ ...both, own: { senderConstraint: 'required' } })
    const basic = await newClient(server)
    const token = await boundToken(server, basic)
    expect((await server.guard.check(requestWith(`DPoP ${token}`, await proof('GET', '/jobs', token)))).ok).toBe(true)
    expect(await isActive(server, basic, token)).toMatchObject({ active: true })
    const plain = String((await answerOf(server.routes, 'POST', '/token', { form, basic }))?.body.access_token)
    expect(await server.guard.check(requestWith(`Bearer ${plain}`))).toMatchObject({ ok: false })
  })
})

describe('what the server knows of proofs', () => {
  it('a proof that one process accepted is refused by another: they claim it in the stores', async () => {
    const shared = { ...options(), ...both, stores: memoryStores({ now }) }
    const [here, there] = [all.create(shared), all.create(shared)]
    const basic = await newClient(here)
    const atToken = await proof('POST', '/token')
    const { status, body } = await askWith(here, basic, atToken)
    expect(status).toBe(200)
    expect(await askWith(there, basic, atToken)).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    const token = String(body.access_token)
    const atGuard = requestWith(`DPoP ${token}`, await proof('GET', '/jobs', token))
    expect(await here.guard.check({ ...atGuard })).toMatchObject({ ok: true })
    expect(await there.guard.check({ ...atGuard })).toMatchObject({ ok: false, reason: 'proof_replayed' })
  })

  it('a store of the host, also one that is undefined, is as given', async () => {
    const replay: ReplayStore = memoryStores({ now }).replay
    const claimed: string[] = []
    const seen: ReplayStore = {
      ...replay,
      async claim(...args) {
        claimed.push('here')
        return replay.claim(...args)
      },
    }
    const server = all.create({ tokenEndpoint: { senderConstraint: { dpop: { replay: seen } } }, guard: dpop })
    await boundToken(server, await newClient(server))
    expect(claimed).toEqual(['here'])
    const events: string[] = []
    const off = onEvent('countersign:dpop', ({ outcome }) => void events.push(outcome))
    all.create({
      tokenEndpoint: { senderConstraint: { dpop: { replay: undefined, url: undefined } } },
      guard: { senderConstraint: { dpop: { replay: undefined } } },
    } as never)
    off()
    expect(events).toEqual([])
  })

  it('the URL is that of the route, below the path of the issuer or where paths and metadata say', async () => {
    const urls: readonly (readonly [Changes, string, string])[] = [
      [{ paths: { token: '/oauth/token' } }, '/oauth/token', `${issuer}/oauth/token`],
      [{ issuer: `${issuer}/auth` }, '/auth/token', `${issuer}/auth/token`],
      [{ metadata: { tokenEndpoint: 'https://edge.example/t' } }, '/token', 'https://edge.example/t'],
      [{ tokenEndpoint: { senderConstraint: { dpop: { url: 'https://edge.example/u' } } } }, '/token', 'https://edge.example/u'],
    ]
    for (const [changes, path, htu] of urls) {
      const server = all.create({ ...both, ...changes })
      const basic = await newClient(server)
      const field = await proofOf(keys.one, { claims: { htm: 'POST', htu, iat: now() / 1000, ath: undefined } })
      expect(await askWith(server, basic, field, path)).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
    }
    expect(() =>
      createAuthorizationServer({
        ...options(),
        paths: { token: false, metadata: false },
        tokenEndpoint: dpop,
      } as never),
    ).toThrow(
      new TypeError(
        'createAuthorizationServer: tokenEndpoint.senderConstraint.dpop.url must be given where paths.token is false, got undefined',
      ),
    )
  })

  it('the metadata tells the algorithms of the token endpoint, and nothing where it checks no proofs', async () => {
    const told = async (changes: Changes): Promise<unknown> =>
      (await answerOf(all.create(changes).routes, 'GET', '/.well-known/oauth-authorization-server'))?.body.dpop_signing_alg_values_supported
    expect(await told({})).toBeUndefined()
    expect(await told({ tokenEndpoint: dpop })).toEqual(['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'])
    expect(await told({ tokenEndpoint: { senderConstraint: { dpop: { algorithms: ['ES384'] } } } })).toEqual(['ES384'])
    expect(await told({ tokenEndpoint: dpop, metadata: { dpopAlgorithms: ['ES256'] } })).toEqual(['ES256'])
  })
})
