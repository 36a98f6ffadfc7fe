import { memoryStores } from '@countersign/core/memory'
import { createKeyRegistry, type KeyRegistryOptions } from '@countersign/keys'
import { describe, expect, it } from 'vitest'
import { deploy, issuer, kek, signingKid } from './registry-setup.js'

describe('the first start', () => {
  it('of two processes at once makes one key', async () => {
    const { start } = deploy()
    const [one, other] = [start(), start()]
    await Promise.all([one.ready(), other.ready()])
    expect(await one.signing.list()).toHaveLength(1)
    expect(await signingKid(one)).toBe(await signingKid(other))
  })

  it('makes a key of each algorithm, and all of them sign at once', async () => {
    const { start } = deploy()
    const registries = [0, 1, 2].map(() => start({ algorithms: ['ES256', 'EdDSA'] }))
    await Promise.all(registries.map((registry) => registry.ready()))
    const keys = await registries[0]?.signing.list()
    expect(keys?.map(({ algorithm, state }) => [algorithm, state])).toEqual([
      ['ES256', 'active'],
      ['EdDSA', 'active'],
    ])
  })

  it('an algorithm that is added later gets a key that signs when verifiers can know it', async () => {
    const { start } = deploy()
    await start().ready()
    const later = start({ algorithms: ['ES256', 'EdDSA'] })
    await later.ready()
    expect((await later.signing.list()).map(({ algorithm, state }) => [algorithm, state])).toEqual([
      ['ES256', 'active'],
      ['EdDSA', 'staged'],
    ])
  })

  it('makes none where the host says so, and says what is missing', async () => {
    const { start } = deploy()
    const registry = start({ generateFirst: false })
    expect(await registry.ready()).toMatchObject({ ok: false, parts: { keys: { ok: true }, signer: { ok: false } } })
    expect(await registry.signing.list()).toEqual([])
  })

  it('does not depend on the store being up', async () => {
    const { start, keys } = deploy()
    keys.isDown = true
    const registry = start()
    expect(await registry.ready()).toMatchObject({ ok: false, parts: { keys: { ok: false, cause: { reason: 'store_unavailable' } } } })
    keys.isDown = false
    expect(await registry.ready()).toMatchObject({ ok: true, parts: { keys: { ok: true }, signer: { ok: true } } })
  })

  it('says so when the key-encryption key is not the one that the keys were sealed with', async () => {
    const { start } = deploy()
    await start().ready()
    expect(await start({ encryption: { current: kek('another') } }).ready()).toMatchObject({ ok: false, parts: { signer: { ok: false } } })
  })

  it('tells a key-encryption key that changed under its id from a fault of the cipher', async () => {
    const { start } = deploy()
    await start({ encryption: { current: kek('one') } }).ready()
    const changed = { current: { id: 'one', secret: Buffer.alloc(32, 7) } }
    const { parts } = await start({ encryption: changed }).ready()
    expect(parts.signer).toMatchObject({ ok: false, cause: { cause: { message: expect.stringMatching(/key-encryption key/) as string } } })
  })

  it('a process that only verifies needs no key-encryption key and makes no key', async () => {
    const { keys, clock } = deploy()
    const registry = createKeyRegistry({ issuer, store: keys, now: clock.now })
    expect(await registry.ready()).toEqual({ ok: true, parts: { keys: { ok: true } } })
    expect(keys.writes).toBe(0)
  })
})

describe('a wrong option ends the start-up', () => {
  const encryption = { current: kek('kek-1') }
  const wrong: Readonly<Record<string, Partial<Record<keyof KeyRegistryOptions, unknown>>>> = {
    'no issuer': { issuer: '' },
    'no store': { store: undefined },
    'no algorithm': { algorithms: [] },
    'a symmetric algorithm': { algorithms: ['HS256'] },
    'an unknown algorithm': { algorithms: ['ES257'] },
    'a name of Object.prototype as algorithm': { algorithms: ['constructor'] },
    'an algorithm twice': { algorithms: ['ES256', 'ES256'] },
    'a negative life of tokens': { maxTokenLifetimeSeconds: -1 },
    'a life that is no number': { jwksMaxAgeSeconds: Number.NaN },
    'a refresh that never comes': { refreshSeconds: 0 },
    'a stale ring for ever': { staleIfErrorSeconds: Number.POSITIVE_INFINITY },
    'no keys for clients': { maxKeysPerClient: 0 },
    'a short key-encryption key': { encryption: { current: { id: 'a', secret: Buffer.alloc(16) } } },
    'a key-encryption key without id': { encryption: { current: { id: '', secret: Buffer.alloc(32) } } },
    'an id with a dot': { encryption: { current: { id: 'a.b', secret: Buffer.alloc(32) } } },
    'two key-encryption keys with one id': { encryption: { ...encryption, previous: [kek('kek-1')] } },
    'a key-encryption key in text that is no base64': {
      encryption: { current: { id: 'a', secret: 'correct horse battery staple correct horse' } },
    },
    'denylist that is none': { revocations: {} },
    'a signer that is no function': { externalSigner: {} },
  }

  it.each(Object.entries(wrong))('%s', (_name, options) => {
    const { keys: store } = memoryStores()
    expect(() => createKeyRegistry({ issuer, store, encryption, ...options } as KeyRegistryOptions)).toThrow(TypeError)
  })

  it.each([{ current: { id: 'a', secret: undefined } }, { current: { id: 'a' } }, 'a'.repeat(44), {}, { previous: [] }])(
    '%o in the place of encryption is told by that name',
    (wrongOne) => {
      const options = { issuer, store: memoryStores().keys, encryption: wrongOne } as unknown as KeyRegistryOptions
      expect(() => createKeyRegistry(options)).toThrow(
        /^createKeyRegistry: encryption(\.current)?(\.secret)? must be .*, got (undefined|a string of 44 characters)$/,
      )
    },
  )

  it('of an option that is misspelt', () => {
    const misspelt = { issuer, store: memoryStores().keys, encryption, revocation: memoryStores().revocations }
    expect(() => createKeyRegistry(misspelt)).toThrow('createKeyRegistry: unknown option "revocation"; did you mean "revocations"?')
  })

  it.each(['base64', 'base64url'] as const)('a key-encryption key in %s is taken', (encoding) => {
    const { keys: store } = memoryStores()
    const secret = Buffer.from(encryption.current.secret).toString(encoding)
    expect(() => createKeyRegistry({ issuer, store, encryption: { current: { id: 'a', secret } } })).not.toThrow()
  })
})
