import { gzipSync } from 'node:zlib'
import { type Behaviour, publicJwkOf, renameKey, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { retryAfter, startTrial } from './remote-jwks-setup.js'

const kilobyte = 1024
const good = publicJwkOf(testKeys.es256)
const padded = (bytes: number): string => JSON.stringify({ keys: [good], padding: '' }).replace('""', `"${'x'.repeat(bytes)}"`)
const many = (count: number): unknown => ({ keys: Array.from({ length: count }, (_, index) => ({ ...good, kid: `k${index}` })) })

const bad: readonly [string, Behaviour][] = [
  ['status 500', { kind: 'fail', status: 500 }],
  ['status 404', { kind: 'fail', status: 404 }],
  ['status 204', { kind: 'fail', status: 204 }],
  ['status 206', { kind: 'fail', status: 206 }],
  ['no JSON', { kind: 'document', body: '<html>maintenance</html>' }],
  ['an empty body', { kind: 'document', body: '' }],
  ['no UTF-8', { kind: 'document', body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }],
  ['JSON that is no object', { kind: 'document', body: 'null' }],
  ['a list instead of a JWK Set', { kind: 'document', body: [good] }],
  ['an object without keys', { kind: 'document', body: { error: 'none' } }],
  ['keys that are no list', { kind: 'document', body: { keys: { 0: good } } }],
  ['more than 256 KiB', { kind: 'document', body: padded(256 * kilobyte) }],
  ['a closed connection', { kind: 'close' }],
  ['half of a document', { kind: 'truncate' }],
]

describe('a bad answer of the key server', () => {
  it.each(bad)('%s is an outage on a cold start: 503 with Retry-After', async (_name, behaviour) => {
    const { issuer, guard, ask } = await startTrial()
    issuer.behave(behaviour)
    const token = await issuer.token()
    expect(await ask(token)).toBe('503 key_source_unavailable')
    expect(await retryAfter(guard, token)).toBeGreaterThanOrEqual(1)
  })

  it.each(bad)('%s keeps the set that is there', async (_name, behaviour) => {
    const { issuer, clock, ask, loads } = await startTrial()
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(token)).toBe('200')
    issuer.behave(behaviour)
    clock.advance(601)
    expect(await ask(token)).toBe('200')
    expect(loads[1]).toMatchObject({ outcome: 'failed', keys: 2 })
    expect(loads[1]?.cause).toBeInstanceOf(Error)
  })

  it.each([201, 203, 206, 301, 304, 400, 404, 500, 503])('a good document with status %i is no answer', async (status) => {
    const body = status === 304 ? null : JSON.stringify({ keys: [good] })
    const { issuer, ask, loads } = await startTrial({ fetch: async () => new Response(body, { status }) })
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
    expect(String(loads[0]?.cause)).toContain(`status ${status}`)
  })

  it('100 keys in less than 256 KiB are taken', async () => {
    const { issuer, ask } = await startTrial()
    issuer.behave({ kind: 'document', body: many(100) })
    expect(await ask(await issuer.token({ kid: 'k99', key: renameKey(testKeys.es256, { kid: 'k99' }) }))).toBe('200')
    const large = await startTrial()
    large.issuer.behave({ kind: 'document', body: padded(255 * kilobyte) })
    expect(await large.ask(await large.issuer.token())).toBe('200')
  })

  it('a body is bounded while it comes, whatever its Content-Length says or leaves out', async () => {
    const sent = { bytes: 0 }
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent.bytes += 16 * kilobyte
        controller.enqueue(new Uint8Array(16 * kilobyte).fill(0x20))
      },
    })
    const { issuer, ask, loads } = await startTrial({ fetch: async () => new Response(endless, { headers: { 'content-length': '10' } }) })
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
    expect(String(loads[0]?.cause)).toMatch(/larger than 262144 bytes/)
    expect(sent.bytes).toBeLessThan(512 * kilobyte)
  })

  it('a small body that unpacks into a large one is bounded as it unpacks', async () => {
    const { issuer, ask, loads } = await startTrial()
    const bomb = gzipSync(Buffer.alloc(64 * kilobyte * kilobyte, 0x20))
    expect(bomb.length).toBeLessThan(100 * kilobyte)
    issuer.cache({ headers: { 'content-encoding': 'gzip' } })
    issuer.behave({ kind: 'document', body: bomb })
    const before = process.memoryUsage().arrayBuffers
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
    expect(String(loads[0]?.cause)).toMatch(/larger than 262144 bytes/)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * kilobyte * kilobyte)
  })

  it('a packed document is read', async () => {
    const { issuer, ask } = await startTrial()
    issuer.cache({ headers: { 'content-encoding': 'gzip' } })
    issuer.behave({ kind: 'document', body: gzipSync(JSON.stringify({ keys: [good] })) })
    expect(await ask(await issuer.token())).toBe('200')
  })

  it('a redirect is not followed, and nothing is asked of its target', async () => {
    const elsewhere = await startTrial()
    const { issuer, ask } = await startTrial()
    for (const status of [301, 302, 303, 307, 308] as const) {
      const one = await startTrial()
      one.issuer.behave({ kind: 'redirect', location: elsewhere.issuer.jwksUrl, status })
      expect(await one.ask(await one.issuer.token())).toBe('503 key_source_unavailable')
    }
    expect(elsewhere.issuer.requests).toHaveLength(0)
    expect(await ask(await issuer.token())).toBe('200')
  })

  it('a redirect that an injected fetch followed is refused', async () => {
    const { issuer, ask, loads } = await startTrial({
      fetch: async (url, init) => {
        const response = await fetch(url, { ...init, redirect: 'follow' })
        return Object.defineProperty(response, 'redirected', { value: true })
      },
    })
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
    expect(String(loads[0]?.cause)).toMatch(/redirected/)
  })

  it('an outage says nothing of its cause to the client', async () => {
    const { issuer, guard } = await startTrial()
    issuer.behave({ kind: 'fail', status: 500 })
    const admission = await guard.check({ headers: { authorization: `Bearer ${await issuer.token()}` } })
    const reply = admission.ok ? undefined : admission.reply
    expect(reply?.headers['www-authenticate']).toBeUndefined()
    expect(JSON.stringify(reply)).not.toMatch(/500|internal|127\.0\.0\.1/)
  })
})

describe('a slow key server', () => {
  it.each<[string, Behaviour]>([
    ['hangs', { kind: 'hang' }],
    ['drips', { kind: 'drip', intervalMs: 20 }],
  ])('that %s is given up after timeoutSeconds for the whole answer', async (_name, behaviour) => {
    const { issuer, ask, loads } = await startTrial({ timeoutSeconds: 0.3 })
    issuer.behave(behaviour)
    const startedAt = performance.now()
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
    const took = performance.now() - startedAt
    expect(took).toBeGreaterThan(250)
    expect(took).toBeLessThan(2000)
    expect(String(loads[0]?.cause)).toMatch(/no whole answer within 300 ms/)
  })

  it('has five seconds by default', async () => {
    const { issuer, ask } = await startTrial()
    issuer.behave({ kind: 'drip', intervalMs: 50 })
    const startedAt = performance.now()
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
    expect((performance.now() - startedAt) / 1000).toBeCloseTo(5, 0)
  })

  it('that answers in time is waited for', async () => {
    const { issuer, ask } = await startTrial()
    issuer.behave({ kind: 'delay', milliseconds: 150 })
    expect(await ask(await issuer.token())).toBe('200')
  })

  it('behind a fetch that heeds no signal is given up as well, and its late answer changes nothing', async () => {
    const late: { answer?: (response: Response) => void } = {}
    const { issuer, clock, ask } = await startTrial({
      timeoutSeconds: 0.2,
      fetch: (url, init) =>
        late.answer === undefined
          ? new Promise((resolve) => {
              late.answer = resolve
            })
          : fetch(url, init),
    })
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(token)).toBe('503 key_source_unavailable')
    clock.advance(2)
    expect(await ask(token)).toBe('200')
    late.answer?.(Response.json({ keys: [publicJwkOf(testKeys.es256Other)] }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await ask(token)).toBe('200')
    expect(await ask(await issuer.token({ key: testKeys.es256Other }))).toBe('401 unknown_key')
  })
})
