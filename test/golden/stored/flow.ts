import type { Endpoint, Stores, WireRequest } from '@countersign/core'
import { createKeyRegistry } from '@countersign/keys'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import { api, assertionType, basicOf, encryption, grantType, issuer, secretOf, startsAt } from '../constants.js'
import { personToken, signedBy } from '../scenario.js'
import { accountsOf } from '../scenarios/accounts.js'
import { noncesOf } from '../scenarios/nonces.js'
import { seedClients } from '../seed.js'
import { createWorld, type World } from '../world.js'
import { guardActor, managed } from './manager.js'

/** What was given out while the stores were filled: what clients still hold after an update. */
export type Held = Readonly<Record<string, string>>

/** A world whose registry makes and keeps its own keys. */
export function openWorld(stores: Stores, draws = ''): Promise<World> {
  return createWorld({
    stores: () => stores,
    draws,
    registry: (options) => createKeyRegistry({ ...options, encryption, maxTokenLifetimeSeconds: 3600 }),
  })
}

interface Said {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

async function call(endpoint: Endpoint, request: Partial<WireRequest>): Promise<Said> {
  const reply = await endpoint({ method: 'POST', url: '/', ip: '192.0.2.1', headers: {}, ...request })
  return { status: reply.status, body: reply.body === undefined ? {} : (JSON.parse(String(reply.body)) as Said['body']) }
}

/** Sends a form. */
export function post(
  endpoint: Endpoint,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  return call(endpoint, { headers: { ...type, ...headers }, body: new URLSearchParams(form).toString() })
}

export function postJson(endpoint: Endpoint, json: object): Promise<Said> {
  return call(endpoint, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) })
}

const member = ({ status, body }: Said, name: string): string => {
  const value = body[name]
  if (typeof value !== 'string') throw new Error(`no ${name} in ${status} ${JSON.stringify(body)}`)
  return value
}

export const app = basicOf('app')
export const refreshOf = (refresh_token: string): Readonly<Record<string, string>> => ({ grant_type: 'refresh_token', refresh_token })
const signIn = (username: string): Readonly<Record<string, string>> => ({ grant_type: 'password', username, password: 'right' })

/** Families: rotated once, used twice, just begun, of a client that has none rotated, of a key, of an exchange. */
async function holdTokens(world: World): Promise<Held> {
  const { token } = world
  const begin = async (): Promise<string> => member(await post(token, signIn('ann'), app), 'refresh_token')
  const [first, reused, undone] = [await begin(), await begin(), await begin()]
  const second = member(await post(token, refreshOf(first), app), 'refresh_token')
  await post(token, refreshOf(member(await post(token, refreshOf(reused), app), 'refresh_token')), app)
  await post(token, refreshOf(reused), app)
  await post(world.revocation, { token: undone }, app)
  const signed = await signedBy('signer', { sub: 'u-ann', jti: 'used-once' })
  const fixed = await post(token, signIn('ann'), basicOf('fixed'))
  const exchange = {
    grant_type: grantType.exchange,
    subject_token: await personToken({ jti: 'exchanged' }),
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  }
  const client_assertion = await signedBy('signer', { jti: 'authenticated-once' }, { typ: 'client-authentication+jwt' })
  return {
    first,
    second,
    reused,
    undone,
    signed,
    client_assertion,
    ofKey: member(await post(token, { grant_type: grantType.bearer, assertion: signed }), 'refresh_token'),
    ofClientKey: member(
      await post(token, { grant_type: 'client_credentials', client_assertion_type: assertionType, client_assertion }),
      'refresh_token',
    ),
    ofExchange: member(await post(token, exchange, app), 'refresh_token'),
    fixed: member(fixed, 'refresh_token'),
    access: member(fixed, 'access_token'),
  }
}

/** A sign-in that waits for its code, and one that used it. */
async function holdCodes({ token, codes }: World): Promise<Held> {
  const used = member(await post(token, signIn('bob'), app), 'mfa_token')
  const answered = await post(token, { grant_type: grantType.mfa, mfa_token: used, code: codes.at(-1) ?? '' }, app)
  const asked = member(await post(token, signIn('bob'), app), 'mfa_token')
  const code = codes.at(-1) ?? ''
  const wrong = code.replace(/./, (digit) => String((Number(digit) + 1) % 10))
  const open = member(await post(token, { grant_type: grantType.mfa, mfa_token: asked, code: wrong }, app), 'mfa_token')
  return { used, open, code, ofCode: member(answered, 'refresh_token') }
}

async function holdNonces(world: World): Promise<Held> {
  const { issue, spend } = noncesOf(world)
  const submission = { client_id: 'app', client_secret: secretOf('app') }
  const [spent, unspent] = [member(await postJson(issue, submission), 'token'), member(await postJson(issue, submission), 'token')]
  await postJson(spend, { token: spent })
  return { spent, unspent }
}

/** Two integrations, one of which an entity enrolled, and one credential more. */
async function holdAccounts(world: World): Promise<Held> {
  const { integrations } = accountsOf(world)
  const actor = await guardActor(world)
  const first = managed(await integrations.create(actor, { entity: 'VN1', title: 'Reports', type: 'records' }))
  const second = managed(await integrations.create(actor, { entity: 'VN1', title: 'Alerts', type: 'alerts' }))
  const spare = managed(await integrations.addCredential(actor, { clientId: first.clientId, title: 'spare' }))
  managed(await integrations.enroll(actor, { entity: 'FD1', clientId: first.clientId }))
  managed(await integrations.enroll(actor, { entity: 'FD1', clientId: second.clientId }))
  managed(await integrations.unenroll(actor, { entity: 'FD1', clientId: second.clientId }))
  return { integration: first.clientId, integrationSecret: first.secret, spareSecret: spare.secret, other: second.clientId }
}

/** Ends of every kind. */
async function endings({ registry, clients, revocation, token, view, clock }: World): Promise<Held> {
  await registry.clientKeys.register({ owner: 'app', kid: 'retired', jwk: publicJwkOf(testKeys.eddsa, { kid: undefined }) })
  await registry.clientKeys.retire('app', 'retired')
  await registry.signing.rotate()
  const ended = member(await post(token, { grant_type: 'client_credentials' }, app), 'access_token')
  await post(revocation, { token: ended }, app)
  const added = await clients.addSecret('app', { title: 'second', notBefore: startsAt - 10, expiresAt: startsAt + 100_000 })
  await clients.revokeSecret('app', (await clients.addSecret('app'))?.id ?? '')
  await clients.update('limited', { title: 'A title', scopes: ['read', 'write'], defaultScopes: ['read'] })
  await clients.lock('locked')
  await view.revoke({ type: 'subject', issuer: 'https://people.example', subject: 'u-gone', notBefore: clock.now() / 1000 })
  await view.revoke({ type: 'signing_key', issuer, kid: 'an-old-key' })
  return { ended, secondSecret: added?.secret ?? '', api }
}

/** The last use of a secret is noted by the way. */
async function noted({ clients }: World): Promise<void> {
  for (let times = 0; times < 100; times += 1) {
    const uses = await Promise.all(['app', 'fixed'].map((id) => clients.lastUses(id)))
    if (uses.every((use) => Object.keys(use).length > 0)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('no use was noted')
}

/** Fills the stores of a world with every kind of record. */
export async function live(world: World): Promise<Held> {
  await world.registry.ready()
  await seedClients(world)
  const held = {
    ...(await holdTokens(world)),
    ...(await holdCodes(world)),
    ...(await holdNonces(world)),
    ...(await holdAccounts(world)),
    ...(await endings(world)),
  }
  await noted(world)
  return held
}
