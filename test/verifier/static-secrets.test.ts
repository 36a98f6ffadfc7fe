import { createSigner, signJwt } from '@countersign/jwt'
import { staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, audience, claimsOf, issuer, startGuard } from './guard-setup.js'

describe('secrets for HMAC', () => {
  const secretOf = (id: string): { id: string; secret: Buffer } => ({ id, secret: Buffer.alloc(64, id) })

  function signedWith(id: string, kid: string | undefined = id): Promise<string> {
    const signer = createSigner({ key: Buffer.alloc(64, id), algorithm: 'HS512', kid: kid ?? id })
    return signJwt(claimsOf(), { signer, typ: 'at+jwt', omitKid: kid === undefined })
  }

  const startWith = (secrets: Parameters<typeof staticKeys>[0]['secrets']) =>
    startGuard({ issuers: { main: staticKeys({ issuer, audience, algorithms: ['HS512'], secrets: secrets as never }) } }).guard

  it('are accepted while they are current or previous, each under its id', async () => {
    const guard = startWith({ current: secretOf('b'), previous: [secretOf('a')] })
    expect(await answerTo(guard, await signedWith('b'))).toBe('200 main')
    expect(await answerTo(guard, await signedWith('a'))).toBe('200 main')
    expect(await answerTo(guard, await signedWith('c'))).toBe('401 unknown_key')
    expect(await answerTo(guard, await signedWith('c', 'a'))).toBe('401 signature')
  })

  it('are all tried where a token names none', async () => {
    const unnamed = await signJwt(claimsOf(), {
      signer: createSigner({ key: Buffer.alloc(64, 'a'), algorithm: 'HS512', kid: 'a' }),
      typ: 'JWT',
      omitKid: true,
    })
    expect(await answerTo(startWith({ current: secretOf('a') }), unnamed)).toBe('200 main')
    expect(await answerTo(startWith({ current: secretOf('a'), previous: [secretOf('b')] }), unnamed)).toBe('200 main')
    expect(await answerTo(startWith({ current: secretOf('b'), previous: [secretOf('a')] }), unnamed)).toBe('200 main')
    expect(await answerTo(startWith({ current: secretOf('b'), previous: [secretOf('c')] }), unnamed)).toBe('401 signature')
  })

  it('from a function rotate in a running process, also in an object that the host changes', async () => {
    const held = { current: secretOf('a'), previous: [] as ReturnType<typeof secretOf>[] }
    for (const secrets of [() => held, () => ({ ...held, previous: [...held.previous] })]) {
      Object.assign(held, { current: secretOf('a'), previous: [] })
      const guard = startWith(secrets)
      const [a, b] = [await signedWith('a'), await signedWith('b')]
      expect([await answerTo(guard, a), await answerTo(guard, b)]).toEqual(['200 main', '401 unknown_key'])
      held.previous.push(held.current)
      held.current = secretOf('b')
      expect([await answerTo(guard, a), await answerTo(guard, b)]).toEqual(['200 main', '200 main'])
      held.previous.length = 0
      expect([await answerTo(guard, a), await answerTo(guard, b)]).toEqual(['401 unknown_key', '200 main'])
      // New bytes under the old id.
      held.current = { id: 'b', secret: Buffer.alloc(64, 'x') }
      expect(await answerTo(guard, b)).toBe('401 signature')
    }
  })

  it('that the function cannot give are an outage, as weak ones are', async () => {
    const state = { give: (): unknown => ({ current: secretOf('a') }) }
    const guard = startWith((() => state.give()) as never)
    const token = await signedWith('a')
    expect(await answerTo(guard, token)).toBe('200 main')
    for (const broken of [
      () => undefined,
      () => ({ current: { id: 'a', secret: 'short' } }),
      () => ({ current: secretOf('a'), previous: 7 }),
    ]) {
      state.give = broken
      expect(await answerTo(guard, token)).toBe('503 key_source_unavailable')
    }
    state.give = () => ({ current: secretOf('a') })
    expect(await answerTo(guard, token)).toBe('200 main')
  })

  it('may be text', async () => {
    const text = 'é'.repeat(32)
    const signer = createSigner({ key: Buffer.from(text, 'utf8'), algorithm: 'HS512', kid: 'a' })
    const guard = startWith({ current: { id: 'a', secret: text } })
    expect(await answerTo(guard, await signJwt(claimsOf(), { signer, typ: 'at+jwt' }))).toBe('200 main')
  })
})
