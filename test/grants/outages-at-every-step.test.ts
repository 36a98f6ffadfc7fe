import { randomBytes } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, jwtBearer, refreshToken, tokenExchange } from '@countersign/grants'
import { hostUsers, passwordGrants } from '@countersign/grants/password'
import { createKeyRegistry } from '@countersign/keys'
import { fixedClock } from '@countersign/testkit'
import { expect, it } from 'vitest'
import {
  type AssertionSetup,
  allowPeople,
  assertionSetup,
  basic,
  bearer,
  clientAssertionType,
  exchange,
  exchangeOf,
} from './assertion-setup.js'
import { issuer } from './endpoint-setup.js'

const secrets = { current: { id: 'r', secret: randomBytes(32) } }

/** Fails one operation of all stores, counted from when it is set; none while `at` is undefined. */
interface Outage {
  at: number | undefined
  /** Whether the operation is carried out and only its answer is lost. */
  isAnswerLost: boolean
  readonly operations: string[]
}

/** That an address is familiar is noted beside the request. */
const nameOf = (operation: string, [request]: readonly unknown[]): string => {
  const { key } = (typeof request === 'object' ? request : {}) as { readonly key?: unknown }
  return typeof key === 'string' && key.includes('-familiar:') ? `${operation} familiar` : operation
}

type Store = Readonly<Record<string, (...values: unknown[]) => unknown>>

function failing(stores: Stores, outage: Outage): Stores {
  const wrapped = Object.entries(stores).map(([name, store]: [string, unknown]) => {
    if (typeof store !== 'object' || store === null) return [name, store]
    const authMethods = Object.entries(store as Store).map(([method, run]) => {
      const operation = async (...values: unknown[]): Promise<unknown> => {
        if (outage.at === undefined) return run(...values)
        if (outage.operations.push(nameOf(`${name}.${method}`, values)) - 1 !== outage.at) return run(...values)
        if (outage.isAnswerLost) await run(...values)
        throw new Error('down')
      }
      return [method, typeof run === 'function' && name !== 'revocations' ? operation : run]
    })
    return [name, Object.fromEntries(authMethods)]
  })
  return Object.fromEntries(wrapped) as Stores
}

function start(outage: Outage) {
  const clock = fixedClock()
  const allStores = failing(memoryStores({ now: clock.now }), outage)
  const codes: string[] = []
  const authenticator = hostUsers({
    findUser: async (name) => ({ subject: `person-${name}`, passwordHash: 'right', needsCode: name === 'bob' }),
    verifyPassword: async (hash, password) => hash === password,
    unknownUserHash: '-',
    sendCode: async (_user, code) => void codes.push(code),
  })
  const registry = createKeyRegistry({ issuer, store: allStores.keys, revocations: allStores.revocations, now: clock.now })
  const passwords = passwordGrants({ authenticator, now: clock.now })
  const grants = [clientCredentials(), refreshToken({ secrets }), tokenExchange({ policy: allowPeople }), jwtBearer(), ...passwords]
  return { ...assertionSetup({ clock, allStores, registry, grants }), codes }
}

type Started = AssertionSetup & { readonly codes: readonly string[] }
type Parameters = Readonly<Record<string, string>>
type Request = readonly [parameters: Parameters, headers?: Parameters]

const signed = async ({ jwtOf }: Started, id: string): Promise<Parameters> => ({
  client_assertion: await jwtOf(id, { claims: { sub: id } }),
  client_assertion_type: clientAssertionType,
})

/** What is asked, once all that it needs is there. */
const flows: Readonly<Record<string, (suite: Started, id: string, headers: Parameters) => Promise<Request>>> = {
  'client credentials': async (_, _id, headers) => [{ grant_type: 'client_credentials' }, headers],
  'a refresh token': async ({ ask }, _id, headers) => {
    const { body } = await ask({ grant_type: 'client_credentials' }, headers)
    return [{ grant_type: 'refresh_token', refresh_token: body.refresh_token, scope: 'read' }, headers]
  },
  'a subject token': async ({ jwtOf }, id, headers) => [exchangeOf(await jwtOf(id)), headers],
  'an assertion': async ({ jwtOf }, id) => [{ grant_type: bearer, assertion: await jwtOf(id, { claims: { sub: id } }) }],
  'a client assertion': async (suite, id) => [{ grant_type: 'client_credentials', ...(await signed(suite, id)) }],
  'a client assertion and a subject token': async (suite, id) => [exchangeOf(await suite.jwtOf(id), await signed(suite, id))],
  'a password': async (_, _id, headers) => [{ grant_type: 'password', username: 'ann', password: 'right' }, headers],
  'a code': async ({ ask, codes }, _id, headers) => {
    const { body } = await ask({ grant_type: 'password', username: 'bob', password: 'right' }, headers)
    return [{ grant_type: 'urn:countersign:grant-type:mfa', mfa_token: body.mfa_token, code: codes[0] ?? '' }, headers]
  },
}

/** One request of a fresh server, in which one operation fails, and the same request once more. */
async function tryOnce(flow: (typeof flows)[string], at: number, isAnswerLost: boolean) {
  const outage: Outage = { at: undefined, isAnswerLost, operations: [] }
  const suite = start(outage)
  const grants = ['client_credentials', 'refresh_token', 'password', exchange, bearer]
  const authMethods = ['client_secret_basic', 'private_key_jwt'] as const
  const refresh = { policy: 'rotating', retryWindowSeconds: 0 } as const
  const { id, secret } = await suite.keyed({ isFirstParty: true, authMethods, grants, refresh })
  const request = await flow(suite, id, basic(id, secret))
  outage.at = at
  const { status, body } = await suite.ask(...request)
  outage.at = undefined
  const again = await suite.ask(...request)
  return { status, isIssued: 'access_token' in body, again: again.status, operations: outage.operations }
}

/** What the public keeps when the server fails: the request works when it is sent again. */
async function tryEvery(name: string, isAnswerLost: boolean): Promise<void> {
  const flow = flows[name] as (typeof flows)[string]
  const all = (await tryOnce(flow, Number.POSITIVE_INFINITY, isAnswerLost)).operations
  for (const [at, operation] of all.entries()) {
    const { status, isIssued, again } = await tryOnce(flow, at, isAnswerLost)
    // So is the last use of a secret.
    const isNote = status === 200 && (operation.startsWith('clients.') || operation.endsWith(' familiar'))
    expect([operation, status, isIssued]).toEqual([operation, isNote ? 200 : 503, isNote])
    // What was answered 503 was not done.
    if (!isNote) expect([at, operation, again]).toEqual([at, operation, 200])
  }
}

it.each(Object.keys(flows))(
  '%s: an outage of any operation is 503 without a token, and the same request works afterwards',
  async (name) => {
    await tryEvery(name, false)
  },
)

it.each(Object.keys(flows))('%s: so is an operation that is carried out and whose answer is lost', async (name) => {
  await tryEvery(name, true)
})
