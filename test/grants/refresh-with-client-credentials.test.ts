import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { type Client, clientCredentials, type Grant, type RefreshPolicy, refreshToken } from '@countersign/grants'
import { fixedClock } from '@countersign/testkit'
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { basic, setup } from './endpoint-setup.js'

const person: Grant = {
  type: 'urn:x:sign-in',
  validate: async ({ scopes, audiences }) => ({ ok: true, granted: { ok: true, subject: 'person-1', isPerson: true, scopes, audiences } }),
}
const grants = [clientCredentials(), refreshToken({ secrets: { current: { id: 'r1', secret: randomBytes(32) } } }), person]
const grantTypes = ['client_credentials', 'refresh_token', person.type]

function start() {
  const clock = fixedClock()
  const stores = memoryStores({ now: clock.now })
  const suite = setup({ allStores: stores, grants, now: clock.now, clientOptions: { now: clock.now } })
  /** Registered as hosts do it: nothing is said that is not said here. */
  async function registered(refresh: RefreshPolicy) {
    const made = await suite.clients.register({ grants: grantTypes, refresh })
    if (!made.ok || made.secret === undefined) throw new Error('taken')
    const { client, secret } = made
    const headers = basic(client.id, secret.secret)
    const asks = (grant_type: string) => suite.ask({ grant_type }, headers)
    const refreshes = (refresh_token: string) => suite.ask({ grant_type: 'refresh_token', refresh_token }, headers)
    return { id: client.id, headers, asks, refreshes }
  }
  return { ...suite, stores, registered }
}

const policies: readonly Exclude<RefreshPolicy, { readonly policy: 'none' }>[] = [
  { policy: 'rotating' },
  { policy: 'fixed', lifetimeSeconds: 600 },
]

describe.each(policies)('a client whose refresh tokens are $policy', (policy) => {
  it('gets none with client_credentials (RFC 6749 §4.4.3), but for people', async () => {
    const { asks } = await start().registered(policy)
    const own = await asks('client_credentials')
    expect([own.status, 'refresh_token' in own.body]).toEqual([200, false])
    expect((await asks(person.type)).body.refresh_token).toMatch(/^r1\./)
  })

  it('gets one with client_credentials where its policy says so', async () => {
    const { asks, refreshes } = await start().registered({ ...policy, withClientCredentials: true })
    const { body } = await asks('client_credentials')
    expect((await refreshes(body.refresh_token)).status).toBe(200)
  })

  it('loses those that it has when its policy does not say so any more, and no others', async () => {
    const { registered, clients } = start()
    const { id, asks, refreshes } = await registered({ ...policy, withClientCredentials: true })
    const own = (await asks('client_credentials')).body.refresh_token
    const ofPerson = (await asks(person.type)).body.refresh_token
    await clients.update(id, { refresh: policy })
    expect([(await refreshes(own)).status, (await refreshes(ofPerson)).status]).toEqual([400, 200])
  })

  it('keeps them where it was registered before that could be said, until its policy is set anew', async () => {
    const { registered, clients, stores } = start()
    const { id, asks, refreshes } = await registered(policy)
    const address = { collection: 'clients', id }
    const { value = '', revision = 0 } = (await stores.clients.get(address)) ?? {}
    const kept = JSON.parse(value) as Client
    await stores.clients.put({ ...address, revision, value: JSON.stringify({ ...kept, refresh: policy }) })
    const before = (await asks('client_credentials')).body.refresh_token
    await clients.update(id, { title: 'another title' })
    expect((await asks('client_credentials')).body.refresh_token).toMatch(/^r1\./)
    expect((await refreshes(before)).status).toBe(200)
    await clients.update(id, { refresh: policy })
    expect('refresh_token' in (await asks('client_credentials')).body).toBe(false)
  })
})

it('a policy that is neither true nor false is a TypeError', async () => {
  const { registered } = start()
  await expect(registered({ policy: 'rotating', withClientCredentials: 'yes' as unknown as boolean })).rejects.toThrow(
    'client: refresh.withClientCredentials must be true or false, got "yes"',
  )
})

describe.each(adapters)('over HTTP on $name', ({ start: mounted }) => {
  it('client_credentials comes without a refresh token unless the client says so', async () => {
    const { endpoint, registered } = start()
    const { url, close } = await mounted((mount) => mount.handle('POST', '/token', endpoint))
    const ask = async ({ headers }: { readonly headers: { readonly authorization: string } }) => {
      const { status, body } = await supertest(url).post('/token').set(headers).type('form').send({ grant_type: 'client_credentials' })
      return [status, typeof (body as { readonly refresh_token?: unknown }).refresh_token]
    }
    expect(await ask(await registered({ policy: 'rotating' }))).toEqual([200, 'undefined'])
    expect(await ask(await registered({ policy: 'rotating', withClientCredentials: true }))).toEqual([200, 'string'])
    await close()
  })
})
