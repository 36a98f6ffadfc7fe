import { type Endpoint, jsonReply, readJson } from '@countersign/core'
import { createNonceEndpoint, createNonces } from '@countersign/nonce'
import { countedUuids, issuer, nonceSecrets, secretOf } from '../constants.js'
import type { Ask } from '../recorder.js'
import { type Scenario, textOf } from '../scenario.js'
import type { World } from '../world.js'

/** Nonces of a world, with the endpoint that issues them and one that spends them. */
export function noncesOf({ stores, view, clock, clients, draws }: World): { readonly issue: Endpoint; readonly spend: Endpoint } {
  const nonces = createNonces({
    issuer,
    audience: 'form',
    lifetimeSeconds: 300,
    store: stores.nonces,
    secrets: nonceSecrets,
    purposes: { login: { audiences: ['form', 'app'] }, sms: {} },
    claims: ({ clientId }) => ({ for: clientId }),
    maxIssuedPerClient: { limit: 4, attempts: stores.attempts },
    revocations: view,
    now: clock.now,
    randomUUID: countedUuids(`${draws}nonces`),
  })
  const issue = createNonceEndpoint({
    nonces,
    isClientId: (id) => /^[a-z]+$/.test(id),
    async findClient(clientId) {
      const client = await clients.find(clientId)
      if (client === undefined) return undefined
      return {
        clientId,
        isBlocked: client.isLocked,
        requiresSecret: clientId !== 'public',
        verifySecret: (secret) => secret === secretOf(clientId),
      }
    },
  })
  return {
    issue,
    async spend(request) {
      const body = await readJson(request)
      const { token, purpose, client_id: clientId } = body.ok ? body.value : {}
      const binding = typeof clientId === 'string' ? { clientId } : undefined
      const spent = await nonces.spend(String(token), purpose === 'sms' ? 'sms' : 'login', binding)
      if (spent.ok) return jsonReply(200, { claims: spent.claims }, {})
      const { status, reason } = spent.refusal
      return jsonReply(status, { reason }, {})
    },
  }
}

const credentials = (client: string, secret = secretOf(client)): object => ({ client_id: client, client_secret: secret })

async function issuing(ask: Ask): Promise<void> {
  const issue = (name: string, json: unknown) => ask(name, { path: '/nonce', json })
  await issue('a wrong secret', credentials('app', 'wrong'))
  await issue('no secret', { client_id: 'app' })
  await issue('a client that is not known', credentials('nobody'))
  await issue('a client that is locked', credentials('locked'))
  await issue('a malformed id', { client_id: 'A B' })
  await issue('no id', {})
  await issue('members of another type', { client_id: 1 })
  await issue('not an object', [])
  await ask('a form', { path: '/nonce', form: { client_id: 'app' } })
  await issue('a client without a secret', { client_id: 'public' })
}

export const nonces: Scenario = {
  name: 'nonces',
  mount(app, world) {
    const { issue, spend } = noncesOf(world)
    app.handle('POST', '/nonce', issue)
    app.handle('POST', '/spend', spend)
  },
  async run({ clock, view }, ask) {
    const spend = (name: string, token: string, more: object = {}) => ask(name, { path: '/spend', json: { token, ...more } })
    await issuing(ask)
    const token = textOf(await ask('a nonce', { path: '/nonce', json: credentials('app') }), 'token')
    await spend('by another client', token, { client_id: 'fixed' })
    await spend('once', token, { client_id: 'app' })
    await spend('twice', token)
    await spend('for another purpose', token, { purpose: 'sms' })
    await spend('with another signature', `${token.slice(0, -4)}AAAA`)
    await spend('not a nonce', 'abc')
    const late = textOf(await ask('the next nonce', { path: '/nonce', json: credentials('app') }), 'token')
    const revoked = textOf(await ask('one more nonce', { path: '/nonce', json: credentials('app') }), 'token')
    await ask('the last nonce', { path: '/nonce', json: credentials('app') })
    await ask('one too many', { path: '/nonce', json: credentials('app') })
    await view.revoke({ type: 'client', issuer, clientId: 'app' })
    await spend('of a client that was revoked', revoked)
    clock.advance(306)
    await spend('too late', late)
  },
}
