import type { ClientKeyAnswer, ClientKeys, KeyQuery } from '@countersign/core'
import { jwkThumbprint } from '@countersign/jwt'
import { publicJwkOf, renameKey, type TestKey, testKeys } from '@countersign/testkit'
import { expect } from 'vitest'

/** Client keys under test, and the hand that moves what stands behind them. */
export interface ClientKeysPlace {
  readonly keys: ClientKeys
  /** Makes these the keys of a client, under their own kids and algorithms, and waits until that can be seen. */
  publish(clientId: string, ...keys: readonly TestKey[]): Promise<void>
  /** What the keys come from is out of reach from now on, and nothing of it is believed any more. */
  goDown(): Promise<void>
  close(): Promise<void>
}

/** What an author of another adapter brings. */
export interface ClientKeysBackend {
  readonly name: string
  start(): Promise<ClientKeysPlace>
}

const { es256, es256Other, es384, rs256 } = testKeys
const named = (key: TestKey, kid: string): TestKey => renameKey(key, { kid })

async function find(place: ClientKeysPlace, clientId: string, kid: string | undefined, algorithm: KeyQuery['algorithm'] = 'ES256') {
  return place.keys.find({ clientId, kid, algorithm })
}

const thumbprintOf = (answer: ClientKeyAnswer): string | undefined => (answer.ok ? answer.key.thumbprint : answer.reason)
const thumbprint = (key: TestKey): string => jwkThumbprint(publicJwkOf(key))

/** What every implementation of `ClientKeys` must do; for `it.each(cases)('$name', …)`. */
export const clientKeysConformance: readonly { readonly name: string; run(place: ClientKeysPlace): Promise<void> }[] = [
  {
    name: 'a key is found by client and kid',
    async run(place) {
      await place.publish('a', named(es256, 'k1'), named(es256Other, 'k2'))
      expect(thumbprintOf(await find(place, 'a', 'k1'))).toBe(thumbprint(es256))
      expect(thumbprintOf(await find(place, 'a', 'k2'))).toBe(thumbprint(es256Other))
    },
  },
  {
    name: 'never by the kid alone',
    async run(place) {
      await place.publish('a', named(es256, 'k1'))
      await place.publish('b', named(es256Other, 'k2'))
      expect(await find(place, 'b', 'k1')).toEqual({ ok: false, reason: 'unknown' })
      expect(await find(place, 'a', 'k2')).toEqual({ ok: false, reason: 'unknown' })
    },
  },
  {
    name: 'two clients may give one name to different keys',
    async run(place) {
      await place.publish('a', named(es256, 'k1'))
      await place.publish('b', named(es256Other, 'k1'))
      expect(thumbprintOf(await find(place, 'a', 'k1'))).toBe(thumbprint(es256))
      expect(thumbprintOf(await find(place, 'b', 'k1'))).toBe(thumbprint(es256Other))
    },
  },
  {
    name: 'a client that nobody knows has no keys, whatever its name',
    async run(place) {
      await place.publish('a', named(es256, 'k1'))
      for (const clientId of ['nobody', '', '__proto__', 'constructor', 'A', 'a ', 'a\u0000']) {
        expect(await find(place, clientId, 'k1')).toEqual({ ok: false, reason: 'unknown' })
      }
    },
  },
  {
    name: 'a kid is compared exactly',
    async run(place) {
      await place.publish('a', named(es256, 'k1'))
      for (const kid of ['K1', 'k1 ', 'k', '', '__proto__']) expect(await find(place, 'a', kid)).toMatchObject({ ok: false })
    },
  },
  {
    name: 'without a kid, the only key that fits',
    async run(place) {
      await place.publish('a', named(es256, 'k1'), named(es384, 'k2'))
      expect(thumbprintOf(await find(place, 'a', undefined))).toBe(thumbprint(es256))
      expect(thumbprintOf(await find(place, 'a', undefined, 'ES384'))).toBe(thumbprint(es384))
      expect(await find(place, 'a', undefined, 'RS256')).toEqual({ ok: false, reason: 'unknown' })
    },
  },
  {
    name: 'without a kid, all that fit',
    async run(place) {
      await place.publish('a', named(es256, 'k1'), named(es384, 'k2'), named(es256Other, 'k3'))
      const answer = await find(place, 'a', undefined)
      const found = answer.ok ? [answer.key, ...(answer.others ?? [])] : []
      expect(new Set(found.map((key) => key.thumbprint))).toEqual(new Set([thumbprint(es256), thumbprint(es256Other)]))
      expect(await find(place, 'a', 'k4')).toEqual({ ok: false, reason: 'unknown' })
    },
  },
  {
    name: 'a key is for its own algorithm only',
    async run(place) {
      await place.publish('a', named(rs256, 'k1'))
      expect(await find(place, 'a', 'k1', 'RS256')).toMatchObject({ ok: true })
      for (const algorithm of ['PS256', 'RS512', 'ES256', 'HS256'] as const) {
        expect(await find(place, 'a', 'k1', algorithm)).toEqual({ ok: false, reason: 'unknown' })
      }
    },
  },
  {
    name: 'an outage is thrown, and is no answer',
    async run(place) {
      await place.publish('a', named(es256, 'k1'))
      await find(place, 'a', 'k1')
      await place.goDown()
      await expect(find(place, 'a', 'k1')).rejects.toMatchObject({ name: 'Unavailable' })
      await expect(find(place, 'a', undefined)).rejects.toMatchObject({ name: 'Unavailable' })
    },
  },
]
