import { generateKeyPairSync } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { handle } from '@countersign/express'
import { createKeyRegistry } from '@countersign/keys'
import { fixedClock, type TestKey } from '@countersign/testkit'
import express, { type Express } from 'express'
import request from 'supertest'
import { beforeAll, describe, expect, it } from 'vitest'
import { issuer } from './assertion-setup.js'
import { type AssertionUse, assertionUses, everyMethod, everyUse, usesSetup } from './assertion-uses.js'
import { onEveryStore } from './on-every-store.js'

/** Stores outlive a test, and no two clients have one key. */
function newKey(): TestKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid: 'k', alg: 'ES256', jwk: privateKey.export({ format: 'jwk' }) as Record<string, string> }
}

/** A server on those stores, and a client that may repeat its JWTs, with one that every use takes. */
async function begin(open: () => Stores, claims: object = {}, now = Date.now) {
  const suites = [open(), open()].map((allStores) => {
    const registry = createKeyRegistry({ issuer, store: allStores.keys, now })
    return usesSetup({ now, allStores, registry, grants: everyUse })
  })
  const [suite] = suites
  if (suite === undefined) throw new Error('there are two')
  const key = newKey()
  const client = await suite.keyed({ authMethods: everyMethod, assertion: { jti: 'any', maxLifetimeSeconds: 3600 } }, key)
  // As far in the future as the clock of a client may be: signed after the memory of the store begins, whatever that is.
  const iat = Math.floor(now() / 1000) + 5
  const token = await suite.jwtOf(client.id, { key, claims: { sub: client.id, iat, exp: iat + 200, ...claims } })
  const apps = suites.map(({ endpoint }) => express().post('/token', handle(endpoint)))
  async function present({ request: formOf }: AssertionUse, at = 0): Promise<string> {
    const [form, headers = {}] = formOf(token, client)
    const { status, body } = await request(apps[at] as Express)
      .post('/token')
      .type('form')
      .set(headers)
      .send(form)
    return status === 200 ? '200' : `${status} ${body.error}`
  }
  return { present }
}

const repeatable = assertionUses.filter(({ name }) => name !== 'a client assertion')

onEveryStore((open) => {
  // A store that has just begun to remember knows nothing of what may have been signed before.
  beforeAll(async () => {
    await open()
      .replay.claim({ purpose: 'first', id: 'first', issuedAgoMs: 0, ttlMs: 1000 })
      .catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 1100))
  })

  describe('a JWT of a client that may repeat it', () => {
    it.each(repeatable)('is $name as often as it likes, at every process, and nothing else', async (use) => {
      const { present } = await begin(open)
      for (const at of [0, 1, 0, 1]) expect(await present(use, at)).toBe('200')
      for (const other of assertionUses)
        if (other !== use) expect([other.name, await present(other, 1)]).toEqual([other.name, other.refusal])
      expect(await present(use)).toBe('200')
    })

    it('that was a client assertion is nothing else, and is that once', async () => {
      const { present } = await begin(open)
      const [once] = assertionUses.filter(({ name }) => name === 'a client assertion')
      if (once === undefined) throw new Error('there is one')
      expect(await present(once)).toBe('200')
      for (const use of assertionUses) expect([use.name, await present(use, 1)]).toEqual([use.name, use.refusal])
    })

    it.each(repeatable)('and has no jti, is $name and nothing else', async (use) => {
      const { present } = await begin(open, { jti: undefined })
      expect([await present(use), await present(use, 1)]).toEqual(['200', '200'])
      for (const other of repeatable) if (other !== use) expect(await present(other)).toBe(other.refusal)
    })

    it('that 48 requests present at once, in every way, counts in one of them', async () => {
      const { present } = await begin(open)
      const answers = await Promise.all(
        Array.from({ length: 48 }, async (_, at) => {
          const use = assertionUses[at % 3]
          if (use === undefined) throw new Error('there are three')
          return { use, answer: await present(use, at % 2) }
        }),
      )
      const granted = answers.filter(({ answer }) => answer === '200')
      const winners = new Set(granted.map(({ use }) => use.name))
      expect([...winners]).toHaveLength(1)
      expect(granted).toHaveLength(winners.has('a client assertion') ? 1 : 16)
      for (const { use, answer } of answers) if (!winners.has(use.name)) expect(answer).toBe(use.refusal)
    })
  })
})

describe('a store that lost its memory', () => {
  it.each([
    ['short', 300, '400 invalid_grant'],
    ['longer', 301, '200'],
  ])(
    'and a JWT that may be repeated, with a life that is %s than or as long as that of a client assertion',
    async (_life, seconds, answer) => {
      const clock = fixedClock()
      const [before, stores] = [Math.floor(clock.now() / 1000) - 5, memoryStores({ now: clock.now })]
      const { present } = await begin(() => stores, { iat: before, exp: before + seconds }, clock.now)
      const [use] = assertionUses.filter(({ name }) => name === 'an assertion')
      expect(await present(use ?? expect.fail())).toBe(answer)
    },
  )
})
