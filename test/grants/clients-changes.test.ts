import { randomBytes } from 'node:crypto'
import type { RevocationEntry, Stores } from '@countersign/core'
import { type ClientRegistration, clientCredentials, refreshToken } from '@countersign/grants'
import { describe, expect, it } from 'vitest'
import { basic, claimsOf, guardOf, issuer, setup } from './endpoint-setup.js'
import { onEveryStore } from './on-every-store.js'
import { outcomes } from './outcomes.js'

const secrets = { current: { id: 'r', secret: randomBytes(32) } }
const grants = [clientCredentials(), refreshToken({ secrets })]
const rotating = { refresh: { policy: 'rotating' } } as const

/** Two processes with the same stores, and a guard that reads their denylist. */
function start(open: () => Stores, onRevoke: (entry: RevocationEntry) => void | Promise<void> = () => undefined) {
  const process = () => {
    const allStores = open()
    const { revocations } = allStores
    const announcing: typeof revocations = {
      ...revocations,
      revoke: async (entry, options) => {
        await onRevoke(entry)
        return revocations.revoke(entry, options)
      },
    }
    return setup({ allStores, grants, now: Date.now, clientOptions: { now: Date.now, issuer, revocations: announcing } })
  }
  const [one, other] = [process(), process()]
  const register = async (changes: Partial<ClientRegistration> = {}) => {
    const client = await one.register({ ...rotating, ...changes })
    const headers = basic(client.id, client.secret)
    const signIn = async () => (await one.ask({ grant_type: 'client_credentials' }, headers)).body
    const refresh = (token: string, more = {}) => other.ask({ grant_type: 'refresh_token', refresh_token: token, ...more }, headers)
    return { ...client, signIn, refresh }
  }
  /** What a guard says that has just read the shared denylist. */
  const admits = async (bearer: string) => {
    const { guard, revocations } = guardOf({ ...one.clock, now: Date.now })
    const { records } = await one.stores.revocations.since(undefined)
    for (const { entry, reinstated } of records) {
      if (reinstated) revocations.reinstate(entry)
      else revocations.revoke(entry)
    }
    return (await guard.check({ headers: { authorization: `Bearer ${bearer}` } })).ok
  }
  return { one, other, register, admits }
}

const noThing: Error = new Error('down')

onEveryStore((open) => {
  describe('a client that was changed', () => {
    it('is what the changes say, judged as a whole, and keeps its secrets', async () => {
      const { one, other, register } = start(open)
      const { id, signIn } = await register({ title: 'Old', owner: 'FD1', accessTokenLifetimeSeconds: 60 })
      const changed = await other.clients.update(id, { title: 'New', scopes: ['read'], accessTokenLifetimeSeconds: undefined })
      expect(changed).toEqual(await one.clients.find(id))
      expect(changed).toMatchObject({
        title: 'New',
        owner: 'FD1',
        scopes: ['read'],
        defaultScopes: ['read'],
        grants: ['client_credentials', 'refresh_token'],
      })
      const { access_token, expires_in, scope } = await signIn()
      expect([expires_in, scope, claimsOf(access_token).client_id]).toEqual([900, 'read', id])
      expect((await one.clients.update(id, { owner: undefined }))?.owner).toBeUndefined()
      expect(await one.clients.update('nobody', { title: 'x' })).toBeUndefined()
    })

    it('is as it was after a change that does not fit', async () => {
      const { one, register } = start(open)
      const { id } = await register({ defaultScopes: ['read'] })
      const before = await one.clients.find(id)
      for (const wrong of [
        { scopes: ['write'] },
        { grants: [] },
        { grants: undefined },
        { owner: '' },
        { authMethods: ['none'] },
        { grants: ['password'] },
        { refresh: { policy: 'fixed' } },
        { accessTokenLifetimeSeconds: -1 },
      ]) {
        await expect(one.clients.update(id, wrong as never)).rejects.toThrow(TypeError)
      }
      const open_ = await register({ authMethods: ['none'], grants: ['refresh_token'] })
      await expect(one.clients.update(open_.id, { authMethods: ['client_secret_basic'] })).rejects.toThrow(TypeError)
      expect(await one.clients.find(id)).toEqual(before)
    })

    it('is not given by refresh what was taken from it', async () => {
      const { one, register } = start(open)
      const { id, signIn, refresh } = await register({ audiences: ['https://a.example', 'https://b.example'] })
      const first = (await refresh((await signIn()).refresh_token)).body
      expect([first.scope, claimsOf(first.access_token).aud]).toEqual(['read write', 'https://a.example'])
      await one.clients.update(id, { scopes: ['read'] })
      const second = (await refresh(first.refresh_token)).body
      expect(second.scope).toBe('read')
      await one.clients.update(id, { audiences: ['https://b.example'] })
      expect((await refresh(second.refresh_token)).body.error).toBe('invalid_grant')
      const third = await signIn()
      expect(claimsOf(third.access_token).aud).toBe('https://b.example')
      await one.clients.update(id, { grants: ['refresh_token'] })
      expect((await refresh(third.refresh_token)).body.error).toBe('invalid_grant')
      await one.clients.update(id, { grants: ['client_credentials', 'refresh_token'], refresh: { policy: 'none' } })
      expect((await refresh(third.refresh_token)).body.error).toBe('invalid_grant')
    })

    it('by 20 at once has all the changes', async () => {
      const { one, other, register } = start(open)
      const { id } = await register()
      const scopes = Array.from({ length: 20 }, (_, at) => `s${at}`)
      await one.clients.update(id, { scopes, defaultScopes: [] })
      await Promise.all(scopes.map((scope, at) => (at % 2 ? one : other).clients.update(id, at % 2 ? { title: scope } : { owner: scope })))
      const { title, owner } = (await one.clients.find(id)) ?? {}
      expect([title, owner]).toEqual([expect.stringMatching(/^s/), expect.stringMatching(/^s/)])
    })
  })

  describe('a client that was removed', () => {
    it('has nothing any more, and neither has who is registered under its id later', async () => {
      const { one, other, register, admits } = start(open)
      const { id, secret, signIn, refresh } = await register()
      const before = await signIn()
      expect(await admits(before.access_token)).toBe(true)
      expect(await other.clients.remove(id)).toBe(true)
      expect([await one.clients.find(id), await one.clients.remove(id), await one.clients.lastUses(id)]).toEqual([undefined, false, {}])
      expect(await admits(before.access_token)).toBe(false)
      expect([(await refresh(before.refresh_token)).status, (await signIn()).error]).toEqual([401, 'invalid_client'])
      // The same id and even the same secret.
      const later = await register({ id, secret: { secret } })
      const after = await later.signIn()
      expect([await admits(after.access_token), await admits(before.access_token)]).toEqual([true, false])
      const outcome = outcomes()
      expect((await refresh(before.refresh_token)).body.error).toBe('invalid_grant')
      expect((await refresh(after.refresh_token)).status).toBe(200)
      expect(outcome()).toEqual(['refresh_mismatch', 'issued'])
    })

    it('whose removal failed half-way is removed by the next try', async () => {
      const left = { announcements: Number.POSITIVE_INFINITY }
      const { one, register, admits } = start(open, () => {
        if (left.announcements <= 0) throw noThing
        left.announcements -= 1
      })
      // the client, its two credentials, and the client again: every announcement can fail
      for (const announced of [0, 1, 2, 3]) {
        const { id, signIn } = await register()
        const before = await signIn()
        left.announcements = announced
        await expect(one.clients.remove(id)).rejects.toThrow('store_unavailable')
        left.announcements = Number.POSITIVE_INFINITY
        expect(await one.clients.remove(id)).toBe(true)
        const after = await (await register({ id })).signIn()
        expect([await admits(before.access_token), await admits(after.access_token)]).toEqual([false, true])
      }
    })

    it('leaves no token alive that was being issued at that time', async () => {
      const { one, register, admits } = start(open)
      const { id, signIn } = await register()
      const [, ...answers] = await Promise.all([one.clients.remove(id), ...Array.from({ length: 32 }, signIn)])
      for (const { access_token } of answers.filter((answer) => answer.access_token)) expect(await admits(access_token)).toBe(false)
      expect(await one.clients.find(id)).toBeUndefined()
    })

    it('is removed also if somebody unlocks it meanwhile, and so is what it got then', async () => {
      const meanwhile = { announcements: 0, unlock: async (): Promise<void> => undefined }
      const { one, other, register, admits } = start(open, async ({ type }) => {
        if (type !== 'client') return
        meanwhile.announcements += 1
        // The second one is the last thing before the record goes.
        if (meanwhile.announcements === 2) await meanwhile.unlock()
      })
      const { id, signIn } = await register()
      const tokens = [(await signIn()).access_token]
      meanwhile.unlock = async () => {
        await other.clients.unlock(id)
        tokens.push((await signIn()).access_token)
      }
      expect(await one.clients.remove(id)).toBe(true)
      expect(await one.clients.find(id)).toBeUndefined()
      expect([typeof tokens[1], await Promise.all(tokens.map(admits))]).toEqual(['string', [false, false]])
    })
  })

  it('the last use of each secret is told, and of no other', async () => {
    const { one, register } = start(open)
    const { id, secretId, signIn } = await register()
    await one.clients.addSecret(id)
    expect(await one.clients.lastUses(id)).toEqual({})
    const from = Math.floor(Date.now() / 1000)
    await signIn()
    await expect.poll(() => one.clients.lastUses(id)).toEqual({ [secretId]: expect.any(Number) as number })
    expect((await one.clients.lastUses(id))[secretId]).toBeGreaterThanOrEqual(from)
    expect(await one.clients.lastUses('nobody')).toEqual({})
  })

  it('many clients are found at once, in the order of the ids, each as in a list', async () => {
    const { one, register } = start(open)
    const { id, signIn } = await register()
    const other = await register()
    await signIn()
    await expect.poll(async () => Object.keys(await one.clients.lastUses(id))).toHaveLength(1)
    const found = await one.clients.findMany([other.id, 'nobody', '', id, other.id])
    expect(found.map((client) => client?.id)).toEqual([other.id, undefined, undefined, id, other.id])
    const listed = (await one.clients.list({ limit: 1_000 })).filter((client) => client.id === id)
    expect([found[3]]).toEqual(listed)
    expect(found[3]?.secrets.map(({ lastUsedAt }) => typeof lastUsedAt)).toEqual(['number'])
    expect(await one.clients.findMany([])).toEqual([])
  })
})
