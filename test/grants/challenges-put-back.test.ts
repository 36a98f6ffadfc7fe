import { type Stores, Unavailable } from '@countersign/core'
import { passwordGrants } from '@countersign/grants/password'
import { expect, it } from 'vitest'
import { setup } from './endpoint-setup.js'
import { onEveryStore } from './on-every-store.js'
import { table } from './sent-codes-setup.js'

const mfa = 'urn:countersign:grant-type:mfa'

/** The stores, whose next `put` of a challenge is done and its answer lost, once `lose` was called. */
function losing(stores: Stores) {
  const { challenges } = stores
  const state = { losesNext: false, put: 0 }
  const lossy = Object.create(challenges, {
    put: {
      value: async (...call: Parameters<typeof challenges.put>) => {
        await challenges.put(...call)
        state.put += 1
        if (!state.losesNext) return
        state.losesNext = false
        throw new Unavailable('store_unavailable')
      },
    },
  }) as typeof challenges
  return { allStores: { ...stores, challenges: lossy }, state }
}

async function signedInOnce(stores: Stores) {
  const { allStores, state } = losing(stores)
  const { authenticator, code } = table()
  const failing = { next: 0 }
  const { ask, register } = setup({
    allStores,
    issuer: `https://${Math.random()}.example`,
    grants: passwordGrants({ authenticator }),
    now: Date.now,
    clientOptions: { now: Date.now },
    // What comes after the commit.
    isActive: async () => {
      if (failing.next === 0) return true
      failing.next -= 1
      throw new Unavailable('store_unavailable')
    },
  })
  const { id } = await register({ grants: ['password'], isFirstParty: true, authMethods: ['none'] })
  const { body } = await ask({ grant_type: 'password', client_id: id, username: 'ann', password: 'right' })
  const answer = { grant_type: mfa, client_id: id, mfa_token: body.mfa_token, code: code() }
  return { answer: () => ask(answer), failing, state }
}

onEveryStore((open) => {
  it('a challenge that is put back twice, because the answer of the store was lost, is answered once', async () => {
    const { answer, failing, state } = await signedInOnce(open())
    failing.next = 1
    state.losesNext = true
    const before = state.put
    expect((await answer()).status).toBe(503)
    expect((await answer()).status).toBe(200)
    await expect.poll(() => state.put, { timeout: 5_000 }).toBe(before + 2)
    const again = await answer()
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant'])
  })

  it('a challenge is put back after each failure of ours', async () => {
    const { answer, failing } = await signedInOnce(open())
    failing.next = 3
    for (const status of [503, 503, 503, 200, 400]) expect((await answer()).status).toBe(status)
  })
})
