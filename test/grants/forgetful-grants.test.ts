import { memoryStores } from '@countersign/core/memory'
import { type AuditRecord, clientCredentials, type Grant, type Granted, type GrantRequest } from '@countersign/grants'
import { fixedClock } from '@countersign/testkit'
import { createSharedRevocations } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { assertionSetup, clientAssertionType } from './assertion-setup.js'
import { basic, claimsOf, issuer } from './endpoint-setup.js'
import { heardEvents } from './outcomes.js'

const type = 'urn:example:grant-type:voucher'

/** How a plan says what it grants. */
type Way = 'the plan' | 'the commit' | 'another issuer'
const ways: readonly Way[] = ['the plan', 'the commit', 'another issuer']

/** A grant of a host that does nothing but grant. `during` is what happens while it validates. */
function forgetful(way: Way, during: (asked: GrantRequest) => Promise<unknown> = async () => undefined) {
  const state = { commits: 0 }
  const grant: Grant = {
    type,
    async validate(asked) {
      await during(asked)
      const { scopes, audiences } = asked
      const issued = { accessToken: 'theirs', expiresInSeconds: 60 }
      const granted: Granted = { ok: true, subject: 'holder', isPerson: true, startedAt: asked.now - 60, scopes, audiences }
      const commit = async (): Promise<Granted> => {
        state.commits += 1
        return way === 'another issuer' ? { ...granted, issued } : granted
      }
      return way === 'the plan' ? { ok: true, granted, commit } : { ok: true, commit }
    },
  }
  return { grant, state }
}

/** An endpoint with such a grant, and a client that may use it. */
async function start(way: Way, during?: (asked: GrantRequest) => Promise<unknown>, options: Parameters<typeof assertionSetup>[0] = {}) {
  const { grant, state } = forgetful(way, during)
  const suite = assertionSetup({ grants: [grant], ...options })
  const client = await suite.keyed({ grants: [type], authMethods: ['client_secret_basic', 'private_key_jwt'] })
  const ask = () => suite.outcomeOf({ grant_type: type }, basic(client.id, client.secret))
  return { ...suite, state, client, askOnce: ask }
}

describe.each(ways)("a grant of the host's own, whose grant is said by %s", (way) => {
  it('cannot forget the audit: its token is on record before the commit, or there is none', async () => {
    const seen: { record: AuditRecord; commits: number }[] = []
    const told = { isDown: false, commits: () => 0 }
    const write = async (record: AuditRecord): Promise<void> => {
      if (told.isDown) throw new Error('the record is full')
      seen.push({ record, commits: told.commits() })
    }
    const { client, askOnce, state } = await start(way, undefined, { audit: { policy: 'required', write } })
    told.commits = () => state.commits
    expect(await askOnce()).toBe('200')
    expect(seen).toMatchObject([{ commits: 0, record: { grant: type, clientId: client.id } }])
    told.isDown = true
    expect(await askOnce()).toBe('503 temporarily_unavailable unavailable')
    expect(state.commits).toBe(1)
  })

  it('cannot forget the replay claim: a client assertion is used up before the commit', async () => {
    const { client, jwtOf, outcomeOf, state } = await start(way)
    const assertion = await jwtOf(client.id, { claims: { sub: client.id } })
    const ask = () => outcomeOf({ grant_type: type, client_assertion_type: clientAssertionType, client_assertion: assertion })
    expect(await ask()).toBe('200')
    expect(await ask()).toBe('401 invalid_client assertion_replayed')
    expect(state.commits).toBe(1)
  })

  it.each([
    ['its client', 'locked_client', async ({ clients, client }: Awaited<ReturnType<typeof start>>) => clients.lock(client.id)],
    [
      'the secret of its client',
      'wrong_secret',
      async ({ clients, client }: Awaited<ReturnType<typeof start>>) => {
        const [secret] = (await clients.find(client.id))?.secrets ?? []
        return clients.revokeSecret(client.id, secret?.id ?? '')
      },
    ],
  ])('cannot forget the status of %s', async (_name, reason, revoke) => {
    const later: { revoke?: () => Promise<unknown> } = {}
    const suite = await start(way, async () => later.revoke?.())
    later.revoke = () => revoke(suite)
    expect(await suite.askOnce()).toContain(reason)
    expect(suite.state.commits).toBe(way === 'the plan' ? 0 : 1)
  })

  it('cannot forget whether its subject is active', async () => {
    const asked: string[] = []
    const isActive = async ({ subject }: { readonly subject: string }) => asked.push(subject) === 0
    const { askOnce } = await start(way, undefined, { isActive })
    expect(await askOnce()).toBe('400 invalid_grant inactive_subject')
    expect(asked).toEqual(['holder'])
  })

  it('cannot forget that its subject was revoked', async () => {
    const clock = fixedClock()
    const stores = memoryStores({ now: clock.now })
    const common = { store: stores.revocations, subjects: stores.accounts, now: clock.now }
    const revocations = createSharedRevocations({ ...common, maxStalenessSeconds: 10, onStale: 'refuse' })
    onTestFinished(() => revocations.close())
    const { askOnce } = await start(way, undefined, { revocations, allStores: stores, clock })
    expect(await askOnce()).toBe('200')
    await revocations.revoke({ type: 'subject', issuer, subject: 'holder', notBefore: Math.floor(clock.now() / 1000) })
    expect(await askOnce()).toBe('400 invalid_grant inactive_subject')
  })
})

describe("a grant of the host's own", () => {
  it.each([
    ['says that nothing was waited for', (grant: Grant): Grant => Object.assign(grant, { isImmediate: true })],
    ['is a copy of one of ours', ({ validate }: Grant): Grant => ({ ...clientCredentials(), type, validate })],
  ])('that %s has its client read again', async (_name, make) => {
    const later: { lock?: () => Promise<unknown> } = {}
    const { grant } = forgetful('the plan', async () => later.lock?.())
    const suite = assertionSetup({ grants: [make(grant)] })
    const client = await suite.register({ grants: [type] })
    later.lock = () => suite.clients.lock(client.id)
    expect(await suite.outcomeOf({ grant_type: type }, basic(client.id, client.secret))).toBe('401 invalid_client locked_client')
  })

  it('cannot change in the event and on record who made the request', async () => {
    const seen: AuditRecord[] = []
    const write = (record: AuditRecord): void => void seen.push(record)
    const others = { subject: 'holder', clientId: 'another', grant: 'another', outcome: 'issued', jti: 'x' }
    const { client, askOnce } = await start('the plan', async ({ note }) => note(others), { audit: { policy: 'required', write } })
    const heard = heardEvents()
    expect(await askOnce()).toBe('200')
    expect(heard).toMatchObject([{ clientId: client.id, grant: type, subject: 'holder' }])
    expect(seen).toMatchObject([{ clientId: client.id, grant: type, subject: 'holder' }])
  })

  it('gets a token for what its plan says, whatever its commit says', async () => {
    const { grant } = forgetful('the plan')
    const sly: Grant = {
      type,
      async validate(asked) {
        const plan = await grant.validate(asked)
        if (!plan.ok || plan.granted === undefined) return plan
        const { granted } = plan
        return { ...plan, commit: async () => ({ ...granted, subject: 'administrator', scopes: ['everything'] }) }
      },
    }
    const suite = assertionSetup({ grants: [sly] })
    const client = await suite.register({ grants: [type] })
    const { body } = await suite.ask({ grant_type: type }, basic(client.id, client.secret))
    expect(claimsOf(body.access_token)).toMatchObject({ sub: 'holder', scope: 'read write' })
  })
})
