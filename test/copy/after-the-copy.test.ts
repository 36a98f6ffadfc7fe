import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Stores } from '@countersign/core'
import { copyStores } from '@countersign/core/copy'
import { asyncHandler, authOf, handle, protect, routes } from '@countersign/express'
import { type ClientRegistration, clientCredentials, createClients, createTokenEndpoint, refreshToken } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import { createGuard, createSharedRevocations, signingKeys } from '@countersign/verifier'
import express from 'express'
import { expect, it, onTestFinished } from 'vitest'
import { describeWith, redisUrl } from '../services.js'
import { issuer, places } from './places.js'

const secret = (letter: string) => ({ current: { id: '1', secret: Buffer.alloc(32, letter).toString('base64') } })
const encryption = secret('k')
const pepper = secret('p')
const refreshSecrets = secret('r')

interface Answer {
  readonly status: number
  readonly access: string
  readonly refresh: string
}

/** The server of the README on stores, over HTTP. */
async function serve(stores: Stores) {
  const revocations = createSharedRevocations({
    store: stores.revocations,
    subjects: stores.accounts,
    maxStalenessSeconds: 10,
    onStale: 'refuse',
    consistency: 'strong',
  })
  const keys = createKeyRegistry({ issuer, store: stores.keys, revocations, encryption })
  const clients = createClients({ issuer, store: stores.clients, revocations, pepper })
  const tokenEndpoint = createTokenEndpoint({
    issuer,
    audience: issuer,
    signer: keys.signer,
    stores,
    clients,
    grants: [clientCredentials(), refreshToken({ secrets: refreshSecrets })],
    revocations,
  })
  const guard = createGuard({
    resource: issuer,
    revocations,
    issuers: { own: signingKeys({ issuer, keys: keys.source, algorithms: ['ES256'], audience: issuer }) },
  })
  const app = express()
  app.post('/token', handle(tokenEndpoint))
  app.use(routes(keys.jwks()))
  app.get(
    '/jobs',
    protect(guard),
    asyncHandler(async (req, res) => void res.json({ client: authOf(guard, req).clientId })),
  )
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await revocations.close()
  })
  await keys.ready()
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    clients,
    keys,
    async token(
      id: string,
      password: string,
      form: Readonly<Record<string, string>> = { grant_type: 'client_credentials' },
    ): Promise<Answer> {
      const headers = { authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}` }
      const response = await fetch(`${origin}/token`, { method: 'POST', headers, body: new URLSearchParams(form) })
      const body = (await response.json()) as Partial<Record<'access_token' | 'refresh_token', string>>
      return { status: response.status, access: body.access_token ?? '', refresh: body.refresh_token ?? '' }
    },
    async call(token: string): Promise<number> {
      return (await fetch(`${origin}/jobs`, { headers: { authorization: `Bearer ${token}` } })).status
    },
  }
}

describeWith('postgres', 'a server on stores that were copied', (url) => {
  const empty = places(url)

  it.each(['sqlite', 'postgres', ...(redisUrl === undefined ? [] : (['redis'] as const))] as const)(
    'takes the tokens, secrets and keys from before, and refuses what was revoked before: %s',
    async (target) => {
      const from = empty.memory()
      const before = await serve(from)
      const settings: ClientRegistration = {
        grants: ['client_credentials', 'refresh_token'],
        scopes: [],
        refresh: { policy: 'rotating', withClientCredentials: true },
      }
      const ids = ['kept', 'locked'] as const
      const secrets: Record<string, string> = {}
      for (const id of ids) {
        const registered = await before.clients.register({ id, ...settings })
        if (!registered.ok) throw new Error(registered.reason)
        secrets[id] = registered.secret?.secret ?? ''
      }
      const [kept, locked] = [await before.token('kept', secrets.kept ?? ''), await before.token('locked', secrets.locked ?? '')]
      expect([await before.call(kept.access), await before.call(locked.access)]).toEqual([200, 200])
      await before.clients.lock('locked')
      expect(await before.call(locked.access)).toBe(401)
      // a copy that begins later than the tokens: a store alone would refuse what is from before its memory
      await new Promise((resolve) => setTimeout(resolve, 1_100))

      const to = empty[target]()
      expect((await copyStores({ from, to })).settled).toBe(true)
      const after = await serve(to)
      expect([await after.call(kept.access), await after.call(locked.access)]).toEqual([200, 401])
      const renewed = await after.token('kept', secrets.kept ?? '')
      expect(await after.call(renewed.access)).toBe(200)
      expect((await after.token('locked', secrets.locked ?? '')).status).toBe(401)
      expect((await after.token('kept', 'cs_wrong')).status).toBe(401)

      const refresh = { grant_type: 'refresh_token', refresh_token: kept.refresh }
      expect((await after.token('kept', secrets.kept ?? '', refresh)).status).toBe(400)
      const withFamilies = await serve({ ...to, families: from.families })
      const refreshed = await withFamilies.token('kept', secrets.kept ?? '', refresh)
      expect([refreshed.status, await withFamilies.call(refreshed.access)]).toEqual([200, 200])
      expect((await after.keys.signer.current()).kid).toBe((await before.keys.signer.current()).kid)
    },
  )
})
