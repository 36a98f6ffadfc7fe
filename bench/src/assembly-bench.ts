import type { Endpoint, Guard, WireRequest } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { type Clients, clientCredentials, createClients, createTokenEndpoint, refreshToken } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import { createGuard, createSharedRevocations, signingKeys } from '@countersign/verifier'
import { createAuthorizationServer } from 'countersign'
import { awaitEachOf, type Effort, interleave } from './measure.js'
import type { Result } from './report.js'

/** What is measured of a server. */
interface Wired {
  readonly endpoint: Endpoint
  readonly guard: Guard
  readonly clients: Clients
  close(): Promise<unknown>
}

const issuer = 'https://api.example'
const client = { id: 'batch', secret: 'cs_4f1d0c8f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d' }
const secret = { current: { id: '1', secret: Buffer.alloc(32, 'known to everybody') } }
const budget = { limit: 1_000_000_000, windowSeconds: 60 }
const rateLimits = { requests: budget, failures: budget }

/** As docs/parts.md has it. */
async function byHand(): Promise<Wired> {
  const stores = memoryStores()
  const revocations = createSharedRevocations({
    store: stores.revocations,
    subjects: stores.accounts,
    maxStalenessSeconds: 10,
    onStale: 'refuse',
  })
  const keys = createKeyRegistry({ issuer, store: stores.keys, revocations, encryption: secret })
  const clients = createClients({ issuer, store: stores.clients, revocations, pepper: secret, clientKeys: keys.clientKeys })
  const grants = [clientCredentials(), refreshToken({ secrets: secret })]
  const endpoint = createTokenEndpoint({
    issuer,
    audience: issuer,
    signer: keys.signer,
    stores,
    clients,
    grants,
    revocations,
    rateLimits,
  })
  const guard = createGuard({
    resource: issuer,
    revocations,
    issuers: { own: signingKeys({ issuer, keys: keys.source, algorithms: ['ES256'], audience: issuer }) },
  })
  await keys.ready()
  return { endpoint, guard, clients, close: () => Promise.all([guard.close(), revocations.close()]) }
}

async function assembled(): Promise<Wired> {
  const server = createAuthorizationServer({
    issuer,
    stores: memoryStores(),
    masterSecret: secret,
    grants: ['client_credentials', 'refresh_token'],
    tokenEndpoint: { rateLimits },
  })
  await server.ready()
  const endpoint = server.routes.find(({ path }) => path === '/token')?.endpoint
  if (endpoint === undefined) throw new Error('the server has no token endpoint')
  return { endpoint, guard: server.guard, clients: server.clients, close: () => server.close() }
}

const basic = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`
const asked: WireRequest = {
  method: 'POST',
  url: '/token',
  headers: { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' },
  body: { grant_type: 'client_credentials' },
}

async function tokenOf({ endpoint }: Wired): Promise<string> {
  const { status, body } = await endpoint(asked)
  if (status !== 200) throw new Error(`no token: ${status}`)
  return (JSON.parse(String(body)) as { readonly access_token: string }).access_token
}

/** What one server does to a request that the other has to do as well. */
const works: Readonly<Record<string, (wired: Wired) => Promise<() => Promise<unknown>>>> = {
  'assembly-token': async (wired) => () => tokenOf(wired),
  'assembly-guard': async (wired) => {
    const headers = { authorization: `Bearer ${await tokenOf(wired)}` }
    return async () => {
      if (!(await wired.guard.check({ method: 'GET', url: '/jobs', headers })).ok) throw new Error('a good token was refused')
    }
  },
}

const against = 'the parts by hand'

/** The assembly beside the parts that it is made of; the parts stand twice, and the second ones show the noise. */
export async function assemblyBench(effort: Effort): Promise<readonly Result[]> {
  const servers: Readonly<Record<string, Wired>> = {
    [against]: await byHand(),
    'the parts by hand, again': await byHand(),
    countersign: await assembled(),
  }
  for (const { clients } of Object.values(servers))
    await clients.register({ id: client.id, secret: { secret: client.secret }, grants: ['client_credentials'], scopes: ['jobs:read'] })
  const results: Result[] = []
  for (const [bench, prepare] of Object.entries(works)) {
    const subjects = []
    for (const [name, wired] of Object.entries(servers)) {
      const work = await prepare(wired)
      subjects.push(awaitEachOf(name, [undefined], work))
    }
    for (const { name, opsPerSecond, ratio } of await interleave(subjects, against, effort))
      results.push({ bench, subject: name, alg: 'ES256', ops: opsPerSecond, ratio, against })
  }
  for (const { close } of Object.values(servers)) await close()
  return results
}
