import type { ReplayClaim, Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createKeyRegistry } from '@countersign/keys'
import { fixedClock } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { issuer } from './assertion-setup.js'
import { assertionUses, everyMethod, everyUse, usesSetup } from './assertion-uses.js'

const purposes: Readonly<Record<string, string>> = {
  'a subject token': 'subject_token',
  'an assertion': 'jwt_bearer',
  'a client assertion': 'client_assertion',
}

/** A server of the release before, as far as `use` goes: it remembers a JWT under what it was used for. */
function former({ replay, ...stores }: Stores, use: string): Stores {
  const claim = async (claimed: ReplayClaim) =>
    claimed.purpose === 'client_jwt' ? replay.claim({ ...claimed, purpose: purposes[use] ?? '' }) : ('claimed' as const)
  return { ...stores, replay: { ...replay, claim } }
}

/** Servers of two releases over the same stores. */
async function begin() {
  const clock = fixedClock()
  const stores = memoryStores({ now: clock.now })
  const registry = createKeyRegistry({ issuer, store: stores.keys, now: clock.now })
  const serve = (allStores: Stores) => usesSetup({ clock, registry, grants: everyUse, allStores })
  const now = serve(stores)
  const client = await now.keyed({ authMethods: everyMethod })
  return { clock, stores, now, before: (use: string) => serve(former(stores, use)), client }
}

describe('while servers of two releases run', () => {
  it.each(assertionUses)('a JWT that the earlier one took as $name is not taken by the later one', async ({ name, request }) => {
    for (const again of assertionUses) {
      const { now, before, client } = await begin()
      const token = await now.jwtOf(client.id, { claims: { sub: client.id } })
      expect((await before(name).ask(...request(token, client))).status).toBe(200)
      expect(await now.outcomeOf(...again.request(token, client))).toBe(`${again.refusal} assertion_replayed`)
    }
  })

  it.each(assertionUses)('a JWT that the later one took is not taken by the earlier one as $name', async ({ name, request, refusal }) => {
    for (const first of assertionUses) {
      const { now, before, client } = await begin()
      const token = await now.jwtOf(client.id, { claims: { sub: client.id } })
      expect((await now.ask(...first.request(token, client))).status).toBe(200)
      expect(await before(name).outcomeOf(...request(token, client))).toBe(`${refusal} assertion_replayed`)
    }
  })

  it('and no longer: afterwards one JWT is one claim', async () => {
    const { clock, stores, now, client } = await begin()
    const claims: ReplayClaim[] = []
    const { claim } = stores.replay
    Object.assign(stores.replay, {
      claim: async (one: ReplayClaim) => {
        claims.push(one)
        return claim(one)
      },
    })
    const [use] = assertionUses
    const take = async () => (await now.ask(...(use?.request(await now.jwtOf(client.id), client) ?? [{}]))).status
    expect([await take(), claims.length]).toEqual([200, 4])
    clock.advance(601)
    expect([await take(), claims.length]).toEqual([200, 5])
  })
})
