import { api, basicOf, otherApi, secretOf } from '../constants.js'
import type { Ask } from '../recorder.js'
import type { Scenario } from '../scenario.js'

const grant_type = 'client_credentials'
const app = { headers: basicOf('app') }

async function granted(ask: Ask): Promise<void> {
  await ask('Basic', { ...app, form: { grant_type } })
  await ask('in the body', { form: { grant_type, client_id: 'app', client_secret: secretOf('app') } })
  await ask('Basic, with the id in the body too', { ...app, form: { grant_type, client_id: 'app' } })
  await ask('a scope', { ...app, form: { grant_type, scope: 'read' } })
  await ask('a scope that is not a usual one', { ...app, form: { grant_type, scope: 'admin read read' } })
  await ask('an audience', { ...app, form: { grant_type, audience: otherApi } })
  await ask('two resources', { ...app, form: `grant_type=${grant_type}&resource=${api}&resource=${otherApi}` })
  await ask('a client with an audience and a life of its own', { headers: basicOf('narrow'), form: { grant_type } })
  await ask('a life by the grant', {
    headers: basicOf('narrow'),
    form: { grant_type, scope: 'read', audience: otherApi },
  })
  await ask('Basic without form encoding', { headers: basicOf('raw'), form: { grant_type } })
  await ask('a refresh token that is not rotated', { headers: basicOf('fixed'), form: { grant_type } })
  await ask('a client without scopes', { headers: basicOf('resource'), form: { grant_type } })
}

async function wrongRequests(ask: Ask): Promise<void> {
  const form = { grant_type }
  await ask('GET', { method: 'GET', ...app })
  await ask('no grant type', { ...app, form: { scope: 'read' } })
  await ask('a grant type that is not known', { ...app, form: { grant_type: 'authorization_code' } })
  await ask('a grant type that the client may not use', {
    headers: basicOf('narrow'),
    form: { grant_type: 'refresh_token', refresh_token: 'x' },
  })
  await ask('a parameter twice', { ...app, form: `grant_type=${grant_type}&grant_type=${grant_type}` })
  await ask('an empty body', { ...app, form: '' })
  await ask('a broken percent sign', { ...app, form: 'grant_type=%zz' })
  await ask('JSON', { ...app, json: form })
  await ask('no media type', { ...app, body: `grant_type=${grant_type}` })
  await ask('compressed', { headers: { ...basicOf('app'), 'content-encoding': 'gzip' }, form })
  await ask('too large', { ...app, form: { grant_type, padding: 'x'.repeat(70_000) } })
  await ask('a scope that the client may not have', { ...app, form: { grant_type, scope: 'read delete' } })
  await ask('a malformed scope', { ...app, form: { grant_type, scope: 'read "quoted"' } })
  await ask('an audience that the client may not have', { headers: basicOf('narrow'), form: { grant_type, audience: api } })
  await ask('an audience of somebody else', { ...app, form: { grant_type, audience: 'https://evil.example' } })
  await ask('a malformed resource', { ...app, form: { grant_type, resource: 'https://api.example#part' } })
}

async function wrongClients(ask: Ask): Promise<void> {
  const form = { grant_type }
  await ask('no client', { form })
  await ask('a client that is not known', { headers: basicOf('nobody'), form })
  await ask('a wrong secret', { headers: basicOf('app', 'wrong'), form })
  await ask('a wrong secret in the body', { form: { grant_type, client_id: 'app', client_secret: 'wrong' } })
  await ask('a locked client', { headers: basicOf('locked'), form })
  await ask('a locked client with a wrong secret', { headers: basicOf('locked', 'wrong'), form })
  await ask('a method that is not the client’s', { form: { grant_type, client_id: 'narrow', client_secret: secretOf('narrow') } })
  await ask('only the id of a client that has a secret', { form: { grant_type, client_id: 'app' } })
  await ask('two ways at once', { ...app, form: { grant_type, client_id: 'app', client_secret: secretOf('app') } })
  await ask('two ids', { ...app, form: { grant_type, client_id: 'narrow' } })
  await ask('Basic that is not base64', { headers: { authorization: 'Basic %%%' }, form })
  await ask('Basic without a colon', { headers: { authorization: `Basic ${Buffer.from('app').toString('base64')}` }, form })
  await ask('Bearer', { headers: { authorization: 'Bearer abc' }, form })
  await ask('an unknown kind of client assertion', { form: { grant_type, client_assertion_type: 'urn:x', client_assertion: 'abc' } })
  await ask('a public client', { form: { grant_type, client_id: 'public' } })
}

export const clientCredentials: Scenario = {
  name: 'client-credentials',
  async run({ clients, clock }, ask) {
    await granted(ask)
    await wrongRequests(ask)
    await wrongClients(ask)
    const added = await clients.addSecret('app', {
      title: 'second',
      notBefore: clock.now() / 1000 + 10,
      expiresAt: clock.now() / 1000 + 20,
    })
    const second = { headers: basicOf('app', added?.secret ?? ''), form: { grant_type } }
    await ask('a secret that is not valid yet', second)
    clock.advance(10)
    await ask('a secret that is valid', second)
    clock.advance(10)
    await ask('a secret that has expired', second)
    await clients.revokeSecret('app', added?.id ?? '')
    await ask('a secret that was revoked', second)
    await clients.update('app', { scopes: ['read'], defaultScopes: undefined, title: undefined })
    await ask('after a change of the scopes', { ...app, form: { grant_type } })
    await clients.lock('app')
    await ask('after a lock', { ...app, form: { grant_type } })
    await clients.unlock('app')
    await ask('after the lock', { ...app, form: { grant_type } })
    await clients.remove('app')
    await ask('after a removal', { ...app, form: { grant_type } })
  },
}
