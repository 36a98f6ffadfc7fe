import { isUnavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { describe, expect, it } from 'vitest'
import { type Deployment, department, deploy, vendor, watched } from './account-setup.js'

const operator = { operator: 'test' }

/** A deployment whose stores fail from the n-th change on, until they are mended. */
function start() {
  const memory = memoryStores()
  const clientStore = watched(memory.clients)
  const deployment = deploy({}, { ...memory, clients: clientStore })
  const left = { changes: Number.POSITIVE_INFINITY }
  const count = (operation: string): void => {
    if (!/^(put|remove) /.test(operation)) return
    if (left.changes <= 0) throw new Error('connection lost')
    left.changes -= 1
  }
  deployment.accounts.before = count
  clientStore.before = count
  return { ...deployment, memory, failAfter: (changes: number) => void Object.assign(left, { changes }) }
}

/** The clients that can get tokens, and those that their entity sees. */
async function liveAndListed({ clients, integrations }: Deployment): Promise<readonly [readonly string[], readonly string[]]> {
  const live = (await clients.list()).filter(({ secrets }) => secrets.length > 0).map(({ id }) => id)
  const list = await integrations.list(operator, vendor)
  return [live, list.ok ? list.integrations.map(({ clientId }) => clientId) : []]
}

/** Whether it failed by an outage; anything else is a fault of ours. */
async function fails(work: Promise<{ readonly ok: boolean }>): Promise<boolean> {
  try {
    expect(await work).toMatchObject({ ok: true })
    return false
  } catch (error) {
    if (!isUnavailable(error)) throw error
    return true
  }
}

const points = Array.from({ length: 14 }, (_, changes) => changes)

describe('when the stores fail after some changes', () => {
  it('a creation leaves no client that has a secret and is in no list, and what is listed can be removed', async () => {
    const failed: boolean[] = []
    for (const changes of points) {
      const deployment = start()
      deployment.failAfter(changes)
      failed.push(await fails(deployment.integrations.create(operator, { entity: vendor, title: 'Dispatch' })))
      deployment.failAfter(Number.POSITIVE_INFINITY)
      const [live, listed] = await liveAndListed(deployment)
      expect(listed).toEqual(expect.arrayContaining([...live]))
      for (const clientId of listed) expect(await deployment.integrations.remove(operator, clientId)).toEqual({ ok: true })
      expect(await liveAndListed(deployment)).toEqual([[], []])
      expect(await deployment.clients.list()).toEqual([])
    }
    expect(failed.filter(Boolean).length).toBeGreaterThanOrEqual(4)
    expect(failed.at(-1)).toBe(false)
  })

  it('a removal is seen until it is done, and done when it is tried again', async () => {
    const failed: boolean[] = []
    for (const changes of points) {
      const deployment = start()
      const { integrations, memory } = deployment
      const made = await integrations.create(operator, { entity: vendor, title: 'Dispatch' })
      const clientId = made.ok ? made.clientId : ''
      await integrations.enroll(operator, { entity: department, clientId })
      deployment.failAfter(changes)
      failed.push(await fails(integrations.remove(operator, clientId)))
      deployment.failAfter(Number.POSITIVE_INFINITY)
      const [live, listed] = await liveAndListed(deployment)
      expect(listed).toEqual(expect.arrayContaining([...live]))
      const unknown = { ok: false, reason: 'unknown_integration' }
      expect(await integrations.remove(operator, clientId)).toEqual(failed.at(-1) ? { ok: true } : unknown)
      expect(await liveAndListed(deployment)).toEqual([[], []])
      for (const collection of ['integrations', `integrations_of:${vendor}`, `enrollments:${clientId}`, `enrolled_by:${department}`])
        expect(await memory.accounts.list({ collection })).toEqual([])
    }
    expect(failed.filter(Boolean).length).toBeGreaterThanOrEqual(5)
    expect(failed.at(-1)).toBe(false)
  })

  it('an enrollment is there or not, and can be made again', async () => {
    for (const changes of [0, 1, 2]) {
      const deployment = start()
      const { integrations } = deployment
      const made = await integrations.create(operator, { entity: vendor, title: 'Dispatch' })
      const which = { entity: department, clientId: made.ok ? made.clientId : '' }
      deployment.failAfter(changes)
      expect(await fails(integrations.enroll(operator, which))).toBe(changes < 2)
      deployment.failAfter(Number.POSITIVE_INFINITY)
      expect(await integrations.enrollments(operator, { entity: department })).toMatchObject({ totalCount: changes < 2 ? 0 : 1 })
      expect(await integrations.enroll(operator, which)).toMatchObject({ ok: true, isNew: changes < 2 })
      expect(await integrations.enrollments(operator, { entity: department })).toMatchObject({ totalCount: 1 })
    }
  })

  it('an integration whose removal has begun is shown as such, and does nothing new', async () => {
    const deployment = start()
    const { integrations } = deployment
    const made = await integrations.create(operator, { entity: vendor, title: 'Dispatch' })
    const clientId = made.ok ? made.clientId : ''
    deployment.failAfter(1)
    expect(await fails(integrations.remove(operator, clientId))).toBe(true)
    deployment.failAfter(Number.POSITIVE_INFINITY)
    expect(await integrations.list(operator, vendor)).toMatchObject({ integrations: [{ clientId, isBeingDeleted: true }] })
    const unknown = { ok: false, reason: 'unknown_integration' }
    expect(await integrations.addCredential(operator, { clientId })).toEqual(unknown)
    expect(await integrations.enroll(operator, { entity: department, clientId })).toEqual(unknown)
  })
})
