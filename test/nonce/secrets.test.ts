import { describe, expect, it } from 'vitest'
import { decoded, issued, recorded, resigned, secretOf, spending, startNonces } from './nonce-setup.js'

interface Held {
  current: { id: string; secret: string | Uint8Array }
  previous: { id: string; secret: string | Uint8Array }[]
}

const kidOf = (token: string): unknown => decoded(token).header.kid

describe('secrets', () => {
  it('sign under the current one, and take every one that is listed', async () => {
    const before = startNonces({ secrets: { current: secretOf('2026') } })
    const rotated = { current: secretOf('2027'), previous: [secretOf('2026')] }
    const { nonces } = startNonces({ secrets: rotated, store: before.stores.nonces })
    const outstanding = await issued(before.nonces)
    expect(kidOf(await issued(nonces))).toBe('2027')
    expect(await spending(nonces, outstanding)).toBe('spent')
    const after = startNonces({ secrets: { current: secretOf('2027') }, store: before.stores.nonces })
    expect(await spending(after.nonces, outstanding, 'sms')).toBe('401 unknown_key')
  })

  it('without an id is the first one: it writes no kid, and named ones join it later', async () => {
    const first = startNonces({ secrets: { current: secretOf('') } })
    const outstanding = await issued(first.nonces)
    expect(decoded(outstanding).header).toEqual({ alg: 'HS512', typ: 'nonce+jwt' })
    const secrets = { current: secretOf('2'), previous: [secretOf('')] }
    const { nonces } = startNonces({ secrets, store: first.stores.nonces })
    const named = await issued(nonces)
    expect(kidOf(named)).toBe('2')
    expect(await spending(nonces, named)).toBe('spent')
    expect(await spending(nonces, outstanding)).toBe('spent')
  })

  it('are taken under their own id only', async () => {
    const { nonces } = startNonces({ secrets: { current: secretOf('2'), previous: [secretOf('')] } })
    const token = await issued(nonces)
    const [first, second] = [secretOf('').secret, secretOf('2').secret]
    expect(await spending(nonces, resigned(token, { header: { kid: undefined }, secret: second }))).toBe('401 signature')
    expect(await spending(nonces, resigned(token, { header: { kid: '2' }, secret: first }))).toBe('401 signature')
    expect(await spending(nonces, resigned(token, { header: { kid: 'unnamed' }, secret: first }))).toBe('401 unknown_key')
    expect(await spending(nonces, token)).toBe('spent')
  })

  it('from a function rotate in a running process, also in an object that the host changes in place', async () => {
    const bytes = (fill: number): Uint8Array => new Uint8Array(64).fill(fill)
    const held: Held = { current: { id: 'a', secret: bytes(1) }, previous: [] }
    for (const secrets of [() => held, () => ({ current: { ...held.current }, previous: [...held.previous] })]) {
      Object.assign(held, { current: { id: 'a', secret: bytes(1) }, previous: [] })
      const { nonces } = startNonces({ secrets })
      const [one, two] = [await issued(nonces), await issued(nonces)]
      held.previous.push(held.current)
      held.current = { id: 'b', secret: bytes(2) }
      expect(kidOf(await issued(nonces))).toBe('b')
      expect(await spending(nonces, one)).toBe('spent')
      held.previous.length = 0
      expect(await spending(nonces, two)).toBe('401 unknown_key')
      const third = await issued(nonces)
      ;(held.current.secret as Uint8Array).fill(3)
      expect(await spending(nonces, third)).toBe('401 signature')
    }
  })

  it('given as an object are those of the start, whatever becomes of the object', async () => {
    const secrets: Held = { current: { id: 'a', secret: new Uint8Array(64).fill(1) }, previous: [] }
    const { nonces } = startNonces({ secrets })
    const token = await issued(nonces)
    ;(secrets.current.secret as Uint8Array).fill(0)
    secrets.current = { id: 'b', secret: new Uint8Array(64).fill(2) }
    expect(kidOf(await issued(nonces))).toBe('a')
    expect(await spending(nonces, token)).toBe('spent')
  })

  it('that the function cannot give are an outage for as long as it cannot, never a refusal', async () => {
    const state = { give: (): unknown => ({ current: secretOf('a') }) }
    const { nonces } = startNonces({ secrets: () => state.give() })
    const token = await issued(nonces)
    const events = recorded('countersign:nonce')
    for (const broken of [() => undefined, () => ({ current: { id: 'a', secret: 'short' } }), () => Promise.reject(new Error('vault'))]) {
      state.give = () => {
        const given: unknown = broken()
        if (given instanceof Promise) given.catch(() => undefined)
        return given
      }
      for (let turn = 0; turn < 2; turn += 1) {
        await expect(nonces.issue({ clientId: 'c' })).rejects.toMatchObject({ reason: 'key_source_unavailable' })
        await expect(spending(nonces, token)).rejects.toMatchObject({ reason: 'key_source_unavailable' })
      }
    }
    expect(new Set(events.map(({ outcome }) => outcome))).toEqual(new Set(['key_source_unavailable']))
    state.give = () => ({ current: secretOf('a') })
    expect(await spending(nonces, token)).toBe('spent')
  })

  it.each([
    ['HS256', 'sha256', 32],
    ['HS384', 'sha384', 48],
  ])('sign with %s where that is asked for, and then with nothing else', async (algorithm, _hash, length) => {
    const secret = 'x'.repeat(length)
    const { nonces } = startNonces({ algorithm, secrets: { current: { id: 'a', secret } } })
    const token = await issued(nonces)
    expect(decoded(token).header.alg).toBe(algorithm)
    expect(await spending(nonces, resigned(token, { header: { alg: 'HS512' }, secret }))).toBe('401 algorithm')
    expect(await spending(nonces, token)).toBe('spent')
  })
})
