import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { describe, expect, it } from 'vitest'
import { onEveryStore } from '../grants/on-every-store.js'
import { type Deployment, department, deploy, otherDepartment, vendor } from './account-setup.js'

const operator = { operator: 'test' }

async function created({ integrations }: Deployment): Promise<string> {
  const made = await integrations.create(operator, { entity: vendor, title: 'Dispatch' })
  if (!made.ok) throw new Error(made.reason)
  return made.clientId
}

/** Every document of an integration: pointers, the integration, its enrollments. */
async function leftOf({ accounts }: Stores, clientId: string, entities: readonly string[]): Promise<readonly string[]> {
  const collections = ['integrations', `integrations_of:${vendor}`, ...entities.map((entity) => `enrolled_by:${entity}`)]
  const shared = await Promise.all(
    collections.map(async (collection) => ((await accounts.get({ collection, id: clientId })) ? [collection] : [])),
  )
  const enrollments = await accounts.list({ collection: `enrollments:${clientId}` })
  return [...shared.flat(), ...enrollments.map(({ id }) => `enrollment ${id}`)]
}

onEveryStore((open) => {
  const processes = (): readonly [Deployment, Deployment] => [deploy({}, open()), deploy({}, open())]

  it('of 16 that enroll at once, one makes the enrollment, and all see it', async () => {
    const [one, other] = processes()
    const which = { entity: department, clientId: await created(one) }
    const all = await Promise.all(Array.from({ length: 16 }, (_, at) => (at % 2 ? one : other).integrations.enroll(operator, which)))
    const done = all.map((result) => (result.ok ? result : undefined))
    expect(done.filter((result) => result?.isNew)).toHaveLength(1)
    expect(new Set(done.map((result) => result?.enrollment.id)).size).toBe(1)
    expect(await other.integrations.enrollments(operator, { entity: department })).toMatchObject({ ok: true, totalCount: 1 })
  })

  it('an enrollment in the middle of a removal leaves nothing behind', async () => {
    const [one, other] = processes()
    const entities = Array.from({ length: 8 }, (_, at) => `FD0000010${at}`)
    for (let round = 0; round < 5; round++) {
      const clientId = await created(one)
      const enrolling = entities.map((entity) => other.integrations.enroll(operator, { entity, clientId }))
      const removing = [one, other].map(({ integrations }) => integrations.remove(operator, clientId))
      const [enrolled, removed] = [await Promise.all(enrolling), await Promise.all(removing)]
      expect(removed.some(({ ok }) => ok)).toBe(true)
      expect(enrolled.every((result) => result.ok || result.reason === 'unknown_integration')).toBe(true)
      expect(await leftOf(one.stores, clientId, entities)).toEqual([])
      expect(await one.clients.find(clientId)).toBeUndefined()
    }
  })

  it('enrolling and withdrawing at once ends in one of both, and every list agrees', async () => {
    const [one, other] = processes()
    for (let round = 0; round < 5; round++) {
      const which = { entity: otherDepartment, clientId: await created(one) }
      const steps = Array.from({ length: 8 }, (_, at) =>
        at % 2 ? one.integrations.enroll(operator, which) : other.integrations.unenroll(operator, which),
      )
      await Promise.all(steps)
      const kept = await one.stores.accounts.get({ collection: `enrollments:${which.clientId}`, id: otherDepartment })
      const count = kept ? 1 : 0
      expect(await one.integrations.enrollments(operator, { clientId: which.clientId })).toMatchObject({ totalCount: count })
      const ofEntity = await other.integrations.enrollments(operator, { entity: otherDepartment, pageSize: 100 })
      const listed = ofEntity.ok ? ofEntity.enrollments.filter(({ clientId }) => clientId === which.clientId) : []
      expect(listed).toHaveLength(count)
    }
  })

  it('of twelve credentials that are made at once, no more stay than there may be', async () => {
    const { integrations, clients } = deploy({ maxCredentials: 5 }, open())
    const made = await integrations.create(operator, { entity: vendor, title: 'Dispatch' })
    const clientId = made.ok ? made.clientId : ''
    const added = await Promise.all(Array.from({ length: 12 }, () => integrations.addCredential(operator, { clientId })))
    const kept = (await clients.find(clientId))?.secrets.map(({ id }) => id)
    expect(kept).toHaveLength(5)
    const told = added.flatMap((result) => (result.ok ? [result.credentialId] : []))
    expect([...told].sort()).toEqual(kept?.slice(1).sort())
    expect(added.every((result) => result.ok || result.reason === 'too_many_credentials')).toBe(true)
  })

  it('lists are complete while others make and remove', async () => {
    const [one, other] = processes()
    const staying = await created(one)
    const changing = Array.from({ length: 4 }, async () => {
      const clientId = await created(other)
      await other.integrations.remove(operator, clientId)
    })
    const listing = Array.from({ length: 6 }, () => one.integrations.list(operator, vendor))
    for (const list of await Promise.all(listing)) expect(list.ok && list.integrations.map(({ clientId }) => clientId)).toContain(staying)
    await Promise.all(changing)
  })
})

describe('an integration that is removed while it is made', () => {
  /** Removes whatever integrations there are at the moment when `method` of the clients is called. */
  async function removedAt(method: 'register' | 'addSecret', moment: 'before' | 'after'): Promise<Deployment & { reason: string }> {
    const { clients } = deploy()
    const intruding = {
      ...clients,
      [method]: async (...args: never[]) => {
        const call = (): unknown => (deployment.clients[method] as (...all: never[]) => unknown)(...args)
        const early = moment === 'after' ? await call() : undefined
        const list = await deployment.integrations.list(operator, vendor)
        for (const { clientId } of list.ok ? list.integrations : []) await deployment.integrations.remove(operator, clientId)
        return early ?? call()
      },
    }
    const stores = memoryStores()
    const plain = deploy({}, stores)
    const methods = { ...plain.clients, [method]: intruding[method] }
    const deployment = { ...plain, integrations: deploy({ clients: methods }, stores).integrations }
    const made = await deployment.integrations.create(operator, { entity: vendor, title: 'Dispatch' })
    return { ...deployment, reason: made.ok ? 'none' : made.reason }
  }

  it.each([
    ['register', 'before', 'unknown_integration'],
    ['register', 'after', 'unknown_integration'],
    ['addSecret', 'before', 'unknown_integration'],
    ['addSecret', 'after', 'none'],
  ] as const)('%s, %s: leaves no client', async (method, moment, fault) => {
    const deployment = await removedAt(method, moment)
    expect(deployment.reason).toBe(fault)
    expect(await deployment.clients.list()).toEqual([])
    expect(await deployment.integrations.list(operator, vendor)).toEqual({ ok: true, integrations: [] })
  })
})

it('an integration that is removed just before its enrollment is kept is not enrolled', async () => {
  const stores = memoryStores()
  const [one, other] = [deploy({}, stores), deploy({}, stores)]
  const clientId = await created(one)
  one.accounts.before = async (operation) => {
    if (operation === `put enrollments:${clientId}`) await other.integrations.remove(operator, clientId)
  }
  const result = await one.integrations.enroll(operator, { entity: department, clientId })
  expect(result).toEqual({ ok: false, reason: 'unknown_integration' })
  expect(await leftOf(stores, clientId, [department])).toEqual([])
})
