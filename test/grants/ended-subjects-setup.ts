import { randomBytes } from 'node:crypto'
import type { RevocationEntry, Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, type Grant, refreshToken, type TokenEndpointOptions } from '@countersign/grants'
import { fixedClock } from '@countersign/testkit'
import { createSharedRevocations, type SharedRevocationsOptions } from '@countersign/verifier'
import { onTestFinished } from 'vitest'
import { basic, issuer, setup } from './endpoint-setup.js'

export const secrets = { current: { id: 'r', secret: randomBytes(32) } }
export const day = 86_400

/** A grant that knows who it is for. */
export const person: Grant = {
  type: 'urn:test:person',
  validate: async ({ parameters, scopes, audiences }) => ({
    ok: true,
    granted: {
      ok: true,
      subject: parameters.get('user') ?? 'ann',
      isPerson: true,
      scopes,
      audiences,
    },
  }),
}

interface Changes {
  readonly refresh?: 'fixed' | 'rotating'
  readonly subjects?: boolean
  readonly endpoint?: Partial<TokenEndpointOptions>
  readonly view?: Partial<SharedRevocationsOptions>
}

/** An endpoint whose view of revocations keeps the status of subjects. */
export async function start({ refresh = 'rotating', subjects = true, endpoint = {}, view = {} }: Changes = {}) {
  const clock = fixedClock()
  const stores: Stores = memoryStores({ now: clock.now })
  const seen = { reads: 0, isDown: false, beforePut: async (): Promise<unknown> => undefined }
  const subjectStore: Stores['accounts'] = {
    ...stores.accounts,
    async get(address) {
      seen.reads += 1
      if (seen.isDown) throw new Error('down')
      return stores.accounts.get(address)
    },
    async put(document) {
      await seen.beforePut()
      return stores.accounts.put(document)
    },
  }
  const revocations = createSharedRevocations({
    store: stores.revocations,
    ...(subjects && { subjects: subjectStore }),
    maxStalenessSeconds: 3600 * 24 * 365,
    onStale: 'refuse',
    now: clock.now,
    ...view,
  })
  onTestFinished(() => revocations.close())
  await revocations.ready()
  const grants = [person, clientCredentials(), refreshToken({ secrets })]
  const suite = setup({ allStores: stores, grants, revocations, now: clock.now, clientOptions: { now: clock.now }, ...endpoint })
  const policy = refresh === 'fixed' ? ({ policy: 'fixed', lifetimeSeconds: 365 * day } as const) : ({ policy: 'rotating' } as const)
  const client = await suite.register({ grants: [person.type, 'refresh_token', 'client_credentials'], refresh: policy })
  const headers = basic(client.id, client.secret)
  const signIn = async (user = 'ann') => (await suite.ask({ grant_type: person.type, user }, headers)).body.refresh_token
  const use = (token: string) => suite.ask({ grant_type: 'refresh_token', refresh_token: token }, headers)
  const end = (changes: Partial<RevocationEntry> = {}) =>
    revocations.revoke({ type: 'subject', issuer, subject: 'ann', notBefore: clock.now() / 1000, ...changes } as RevocationEntry)
  return { ...suite, clock, stores, seen, revocations, client, headers, signIn, use, end }
}
