import { createHmac, randomUUID } from 'node:crypto'
import { getHeapSnapshot, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createFakeIssuer } from '@countersign/testkit'
import { createVerifier, type IssuerEntry, jwks, staticKeys, type Verifier } from '@countersign/verifier'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { audience, bogusToken } from './remote-jwks-setup.js'

// Vitest runs each file in a process of its own, so the numbers are those of this file.
setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const megabyte = 1024 * 1024
const issuer = 'https://issuer.test'
const secret = 'a secret of this test, of 32 bytes'
const prefix = 'https://tenants.test/'

const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const header = segment({ alg: 'HS256', kid: 'a', typ: 'at+jwt' })

function token(index: number, iss: string = issuer, claims: object = {}): string {
  const payload = { iss, sub: `user-${index}`, aud: audience, exp: 4_000_000_000, jti: `token-${index}`, scope: 'read write', ...claims }
  const input = `${header}.${segment(payload)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

function hmacEntry(iss: string = issuer): IssuerEntry {
  return staticKeys({ issuer: iss, algorithms: ['HS256'], audience, secrets: { current: { id: 'a', secret } } })
}

/** Bytes in use after a collection. */
async function used(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Megabytes by which memory in use grows between 10 % and 100 % of the work, done in 10 parts. */
async function growth(count: number, work: (from: number, to: number) => Promise<void>): Promise<number> {
  await work(0, count / 10)
  const before = await used()
  for (let part = 1; part < 10; part += 1) await work((part * count) / 10, ((part + 1) * count) / 10)
  return ((await used()) - before) / megabyte
}

async function expectReason({ verify }: Pick<Verifier, 'verify'>, sent: string, reason: string): Promise<void> {
  const outcome = await verify(sent)
  if (outcome.ok || outcome.refusal.reason !== reason) expect.fail(`it was not refused as ${reason}`)
}

/** Without a use after the measurement, what is measured might be collected before it. */
async function stillAlive({ ready }: Pick<Verifier, 'ready'>): Promise<void> {
  expect((await ready()).ok).toBe(true)
}

describe('memory grows by 20 MB at most between 10 % and 100 % of', () => {
  afterEach(() => void vi.useRealTimers())

  it('a million distinct tokens', { timeout: 120_000 }, async () => {
    const verifier = createVerifier({ issuers: { own: hmacEntry() } })
    const grown = await growth(1_000_000, async (from, to) => {
      for (let index = from; index < to; index += 1) {
        if (!(await verifier.verify(token(index))).ok) expect.fail(`token ${index} was refused`)
      }
    })
    await stillAlive(verifier)
    expect(grown).toBeLessThanOrEqual(20)
  })

  it('a hundred thousand distinct unknown kids', { timeout: 60_000 }, async () => {
    const remote = await createFakeIssuer({ audience })
    const entry = jwks({ issuer: remote.issuer, url: remote.jwksUrl, algorithms: ['ES256'], audience })
    const verifier = createVerifier({ issuers: { partner: entry } })
    vi.useFakeTimers({ toFake: ['performance'] })
    const grown = await growth(100_000, async (from, to) => {
      for (let wave = from; wave < to; wave += 500) {
        // Time for two fetches passes, so that each wave is looked for and remembered as missing.
        vi.advanceTimersByTime(4000)
        const kids = Array.from({ length: 500 }, (_, index) => `${'unknown '.repeat(20)}${wave + index}`)
        await Promise.all(kids.map((kid) => expectReason(verifier, bogusToken(remote, kid), 'unknown_key')))
      }
    })
    expect(grown).toBeLessThanOrEqual(20)
    expect(remote.fetches.jwks).toBeGreaterThanOrEqual(200)
    await verifier.close()
    await remote.close()
  })

  it('ten thousand distinct unknown issuers', async () => {
    const verifier = createVerifier({ issuers: { own: hmacEntry() } })
    const grown = await growth(10_000, async (from, to) => {
      for (let index = from; index < to; index += 1)
        await expectReason(verifier, token(index, `https://stranger-${index}.test/`), 'unknown_issuer')
    })
    await stillAlive(verifier)
    expect(grown).toBeLessThanOrEqual(20)
  })

  it('ten thousand distinct issuers that the host is asked for and does not know', async () => {
    const asked: string[] = []
    const resolve = async (iss: string): Promise<undefined> => {
      asked.push(iss.slice(0, 4))
    }
    const verifier = createVerifier({ issuers: {}, resolveIssuer: { via: 'tenant', prefixes: [prefix], resolve } })
    const grown = await growth(10_000, async (from, to) => {
      for (let index = from; index < to; index += 1)
        await expectReason(verifier, token(index, `${prefix}${'x'.repeat(4000)}${index}`), 'unknown_issuer')
    })
    await stillAlive(verifier)
    expect(grown).toBeLessThanOrEqual(20)
    expect(asked).toHaveLength(10_000)
  })

  it('ten thousand distinct tenants that the host knows', async () => {
    const resolve = async (iss: string): Promise<IssuerEntry> => hmacEntry(iss)
    const verifier = createVerifier({
      issuers: {},
      cache: { maxEntries: 1000 },
      resolveIssuer: { via: 'tenant', prefixes: [prefix], resolve },
    })
    const grown = await growth(10_000, async (from, to) => {
      for (let index = from; index < to; index += 1) expect((await verifier.verify(token(index, prefix + index))).ok).toBe(true)
    })
    await stillAlive(verifier)
    expect(grown).toBeLessThanOrEqual(20)
  })
})

describe('the cache', () => {
  it('occupies no more than maxBytes, with claims that are large for their length', async () => {
    const shapes = {
      objects: (): object => ({ many: Array.from({ length: 1500 }, () => ({})) }),
      numbers: (): object => ({ many: Array.from({ length: 1400 }, () => 1.5) }),
      members: (index: number): object => Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`m${index}-${at}`, {}])),
    }
    for (const shape of Object.values(shapes)) {
      const verifier = createVerifier({ cache: { maxEntries: 100_000, maxBytes: 8 * megabyte }, issuers: { own: hmacEntry() } })
      const before = await used()
      for (let index = 0; index < 1000; index += 1) {
        const outcome = await verifier.verify(token(index, issuer, shape(index)))
        expect(outcome.ok).toBe(true)
      }
      const grown = ((await used()) - before) / megabyte
      expect(grown).toBeLessThanOrEqual(8)
      await stillAlive(verifier)
    }
  })

  it('keeps no token, only its claims', { timeout: 60_000 }, async () => {
    const verifier = createVerifier({ issuers: { own: hmacEntry() } })
    const marks = await verifyOne(verifier)
    await used()
    const found = new Set<string>()
    let tail = ''
    for await (const chunk of getHeapSnapshot()) {
      const text = tail + String(chunk)
      for (const [part, mark] of Object.entries(marks)) if (text.includes(reversed(mark))) found.add(part)
      tail = text.slice(-200)
    }
    expect(found).toEqual(new Set(['claim']))
    await stillAlive(verifier)
  })
})

const reversed = (text: string): string => Buffer.from(text).reverse().toString()

/** Verifies a token, and gives parts of it reversed, so that this test does not keep what it looks for. */
async function verifyOne({ verify }: Pick<Verifier, 'verify'>): Promise<Readonly<Record<'claim' | 'payload' | 'signature', string>>> {
  const note = randomUUID()
  const sent = token(7, issuer, { note })
  expect((await verify(sent)).ok).toBe(true)
  const [, payload = '', signature = ''] = sent.split('.')
  return { claim: reversed(note), payload: reversed(payload).slice(0, 60), signature: reversed(signature) }
}
