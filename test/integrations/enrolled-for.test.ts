import { type Auth, isUnavailable, type Requirement } from '@countersign/core'
import type { EnrolledForOptions } from '@countersign/integrations'
import { describe, expect, it } from 'vitest'
import { department, deploy, issuer, otherDepartment, peopleIssuer, vendor } from './account-setup.js'

const operator = { operator: 'test' }

async function start(options: EnrolledForOptions<Auth, string> = {}, isEnrolled = true) {
  const deployment = deploy()
  const { integrations } = deployment
  const made = await integrations.create(operator, { entity: vendor, title: 'Dispatch' })
  if (!made.ok) throw new Error(made.reason)
  const { clientId } = made
  if (isEnrolled) await integrations.enroll(operator, { entity: department, clientId })
  const own = { issuer, subject: clientId, clientId, claims: {} } as unknown as Auth
  const requirement = integrations.enrolledFor((entity: string) => entity, options) as unknown as Requirement<Auth, unknown>
  const judgeFor = async (entity: unknown, auth: Auth = own): Promise<string> =>
    (await requirement(auth, entity, { now: 0 }))?.reason ?? 'admitted'
  const judge = (auth: Auth = own, entity: string = department): Promise<string> => judgeFor(entity, auth)
  return { ...deployment, clientId, own, judge, judgeFor }
}

describe('an enrollment is demanded', () => {
  it('of the token of the integration itself, for that entity', async () => {
    const { judge, own } = await start()
    expect(await judge()).toBe('admitted')
    expect(await judge(own, otherDepartment)).toBe('not_enrolled')
    expect(await judge(own, vendor)).toBe('not_enrolled')
  })

  it('and a token of another trusted issuer that names the client is refused', async () => {
    const { judge, own } = await start()
    expect(await judge({ ...own, issuer: peopleIssuer })).toBe('not_enrolled')
  })

  it('and a person who signed in by the client is refused', async () => {
    const { judge, own } = await start()
    expect(await judge({ ...own, subject: 'vera' })).toBe('not_enrolled')
    expect(await judge({ ...own, subject: undefined })).toBe('not_enrolled')
    expect(await judge({ ...own, subject: undefined, clientId: undefined })).toBe('not_enrolled')
    expect(await judge({ ...own, subject: 'login', clientId: 'login' })).toBe('not_enrolled')
  })

  it.each([undefined, null, '', 7, [department], { toString: () => department }, `${department}\n`, '__proto__', `${department}/x`])(
    'and %j is no entity',
    async (entity) => {
      const { judgeFor, accounts } = await start()
      const { reads } = accounts
      expect(await judgeFor(entity)).toBe('not_enrolled')
      expect(accounts.reads).toBe(reads)
    },
  )

  it('and an outage of the store is one', async () => {
    const { judge, accounts } = await start()
    accounts.isDown = true
    await expect(judge()).rejects.toSatisfy(isUnavailable)
  })

  it('and a record of a later format is an outage, not an enrollment', async () => {
    const { judge, stores, clientId } = await start()
    const address = { collection: `enrollments:${clientId}`, id: department }
    const kept = await stores.accounts.get(address)
    await stores.accounts.put({ ...address, value: '{"v":2}', revision: kept?.revision ?? 0 })
    await expect(judge()).rejects.toSatisfy(isUnavailable)
  })

  it('with one read of the store for each request', async () => {
    const { judge, accounts } = await start()
    const { reads } = accounts
    await judge()
    await judge()
    expect(accounts.reads).toBe(reads + 2)
  })
})

describe('somebody else', () => {
  it('is admitted by true of the host alone', async () => {
    const asked: unknown[] = []
    for (const answer of [true, false, undefined, 1, 'true']) {
      const orElse = async (auth: Auth, entity: string) => {
        asked.push([auth.subject, entity])
        return answer as boolean
      }
      const { judge, own } = await start({ orElse })
      expect(await judge({ ...own, issuer: peopleIssuer, subject: 'vera' })).toBe(answer === true ? 'admitted' : 'not_enrolled')
      expect(await judge()).toBe('admitted')
    }
    expect(asked).toEqual(Array(5).fill(['vera', department]))
  })
})

describe('a memory of enrollments', () => {
  it('spares the store for so long, and knows nothing of those that are missing', async () => {
    const { judge, accounts, clock, integrations, clientId } = await start({ maxAgeSeconds: 10 }, false)
    expect(await judge()).toBe('not_enrolled')
    await integrations.enroll(operator, { entity: department, clientId })
    expect(await judge()).toBe('admitted')
    const { reads } = accounts
    accounts.isDown = true
    expect(await judge()).toBe('admitted')
    clock.advance(9.9)
    expect(await judge()).toBe('admitted')
    expect(accounts.reads).toBe(reads)
    clock.advance(0.1)
    await expect(judge()).rejects.toSatisfy(isUnavailable)
    accounts.isDown = false
    await integrations.unenroll(operator, { entity: department, clientId })
    expect(await judge()).toBe('not_enrolled')
  })

  it('of one client and entity is none of another', async () => {
    const { judge, own } = await start({ maxAgeSeconds: 10 })
    expect(await judge()).toBe('admitted')
    expect(await judge(own, otherDepartment)).toBe('not_enrolled')
    const other = '00000000-0000-4000-8000-000000000000'
    expect(await judge({ ...own, subject: other, clientId: other })).toBe('not_enrolled')
  })

  it('is not believed after the clock was turned back', async () => {
    const { judge, clock, accounts } = await start({ maxAgeSeconds: 10 })
    expect(await judge()).toBe('admitted')
    clock.advance(-3600)
    accounts.isDown = true
    await expect(judge()).rejects.toSatisfy(isUnavailable)
  })
})
