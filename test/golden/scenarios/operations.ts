import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createTenantEndpoint } from '@countersign/grants'
import { createGuard } from '@countersign/verifier'
import { api, basicOf, grantType, issuer, otherIssuer, tokenType } from '../constants.js'
import { personToken, type Scenario, signedBy, textOf } from '../scenario.js'

const grant_type = 'client_credentials'
const asApp = { headers: basicOf('app'), form: { grant_type } }

/** Small budgets, so that each is used up. */
export const limits: Scenario = {
  name: 'limits',
  options: () => ({
    token: {
      rateLimits: {
        requests: { limit: 4, windowSeconds: 60 },
        failures: { limit: 2, windowSeconds: 60 },
        failuresOfAddress: { limit: 3, windowSeconds: 600 },
        failuresOfClient: { limit: 3, windowSeconds: 600 },
        unreadable: { limit: 1, windowSeconds: 30 },
      },
    },
  }),
  async run({ clock }, ask) {
    for (const n of [1, 2, 3, 4, 5]) await ask(`request ${n}`, asApp)
    const wrong = { headers: basicOf('fixed', 'wrong'), form: { grant_type } }
    for (const n of [1, 2, 3]) await ask(`wrong secret ${n}`, wrong)
    clock.advance(60)
    for (const n of [4, 5, 6]) await ask(`wrong secret ${n}`, wrong)
    await ask('another client from the same address', { headers: basicOf('narrow'), form: { grant_type } })
    await ask('a client that is familiar there', asApp)
    clock.advance(600)
    await ask('after ten minutes', { headers: basicOf('fixed'), form: { grant_type } })
    await ask('what cannot be read', { ...asApp, form: 'a=%zz' })
    await ask('what cannot be read, again', { ...asApp, form: 'a=%zz' })
    await ask('after what could not be read', asApp)
  },
}

interface Breakable {
  readonly stores: Stores
  readonly down: Set<keyof Stores>
}

/** Stores that are out of reach when they are told to be. */
function breakable(stores: Stores): Breakable {
  const down = new Set<keyof Stores>()
  const breaking = <S extends object>(name: keyof Stores, store: S): S =>
    new Proxy(store, {
      get(target, member, receiver) {
        const value: unknown = Reflect.get(target, member, receiver)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (down.has(name) && member !== 'subscribe' && member !== 'compare') return Promise.reject(new Error('connection refused'))
          return Reflect.apply(value, target, args)
        }
      },
    })
  const all = Object.entries(stores).map(([name, store]) => [
    name,
    typeof store === 'object' ? breaking(name as keyof Stores, store as object) : store,
  ])
  return { stores: Object.fromEntries(all) as Stores, down }
}

/** Each store in turn is out of reach. */
export function outagesOf(): Scenario {
  const state: { down: Set<keyof Stores> } = { down: new Set() }
  return {
    name: 'outages',
    options: () => ({
      stores(now) {
        const { stores, down } = breakable(memoryStores({ now }))
        state.down = down
        return stores
      },
    }),
    mount(app, { issuers, view, clock }) {
      const guard = createGuard({ resource: api, issuers, revocations: view, now: clock.now })
      app.protect('/read', guard, [], () => ({}))
    },
    async run(_world, ask) {
      const { down } = state
      const first = await ask('before', { headers: basicOf('app'), form: { grant_type: 'password', username: 'ann', password: 'right' } })
      const refresh = { headers: basicOf('app'), form: { grant_type: 'refresh_token', refresh_token: textOf(first, 'refresh_token') } }
      const without = async (store: keyof Stores, work: () => Promise<unknown>): Promise<void> => {
        down.add(store)
        await work()
        down.delete(store)
      }
      await without('clients', () => ask('without clients', asApp))
      await without('attempts', () => ask('without attempts', asApp))
      await without('families', () => ask('without families', refresh))
      await ask('with families', refresh)
      await without('families', () => ask('a new family without families', asApp))
      await without('challenges', () =>
        ask('without challenges', { headers: basicOf('app'), form: { grant_type: 'password', username: 'bob', password: 'right' } }),
      )
      const assertion = await signedBy('signer')
      await without('keys', () => ask('without keys', { form: { grant_type: grantType.bearer, assertion } }))
      await without('replay', () => ask('without replay', { form: { grant_type: grantType.bearer, assertion } }))
      await ask('the assertion was not used up', { form: { grant_type: grantType.bearer, assertion } })
      await without('accounts', () => ask('without accounts', asApp))
      await without('families', () =>
        ask('introspection without families', {
          path: '/introspect',
          headers: basicOf('app'),
          form: { token: textOf(first, 'refresh_token') },
        }),
      )
      await without('revocations', () =>
        ask('revocation without the denylist', {
          path: '/revoke',
          headers: basicOf('app'),
          form: { token: textOf(first, 'access_token') },
        }),
      )
      await without('revocations', async () =>
        ask('a guard without the denylist', {
          method: 'GET',
          path: '/read',
          headers: { authorization: `Bearer ${await personToken({ aud: api })}` },
        }),
      )
    },
  }
}

/** Every token is on record before it is issued. */
export function auditedOf(): Scenario {
  const state = { isDown: false }
  return {
    name: 'audited',
    options: (record) => ({
      token: {
        audit: {
          policy: 'required',
          write(entry) {
            if (state.isDown) throw new Error('disk full')
            record(entry)
          },
        },
      },
    }),
    async run({ codes }, ask) {
      const app = basicOf('app')
      await ask('client credentials', asApp)
      const first = await ask('password', { headers: app, form: { grant_type: 'password', username: 'ann', password: 'right' } })
      await ask('refresh', { headers: app, form: { grant_type: 'refresh_token', refresh_token: textOf(first, 'refresh_token') } })
      const challenge = await ask('challenge', { headers: app, form: { grant_type: 'password', username: 'bob', password: 'right' } })
      await ask('code', {
        headers: app,
        form: { grant_type: grantType.mfa, mfa_token: textOf(challenge, 'mfa_token'), code: codes.at(-1) ?? '' },
      })
      const subject_token = await personToken()
      await ask('exchange', { headers: app, form: { grant_type: grantType.exchange, subject_token, subject_token_type: tokenType.access } })
      await ask('a refusal', { headers: app, form: { grant_type: 'password', username: 'ann', password: 'wrong' } })
      state.isDown = true
      await ask('the record cannot be written', asApp)
      state.isDown = false
      await ask('the record can be written', asApp)
    },
  }
}

/** One route for two issuers. */
export const tenants: Scenario = {
  name: 'tenants',
  mount(app, world) {
    const endpoint = createTenantEndpoint({
      issuers: [issuer, otherIssuer],
      issuerOf: ({ headers }) => (typeof headers['x-tenant'] === 'string' ? headers['x-tenant'] : undefined),
      endpoint: (which) => (which === issuer ? world.token : world.revocation),
    })
    app.handle('POST', '/tenants/token', endpoint)
  },
  async run(_world, ask) {
    const form = { grant_type }
    await ask('the tenant', { path: '/tenants/token', headers: { ...basicOf('app'), 'x-tenant': issuer }, form })
    await ask('another tenant', { path: '/tenants/token', headers: { ...basicOf('app'), 'x-tenant': otherIssuer }, form })
    await ask('a tenant that is not known', {
      path: '/tenants/token',
      headers: { ...basicOf('app'), 'x-tenant': 'https://evil.example' },
      form,
    })
    await ask('no tenant', { path: '/tenants/token', headers: basicOf('app'), form })
  },
}
