import { describe, expect, it } from 'vitest'
import { basic, setup } from './endpoint-setup.js'
import { outcomes } from './outcomes.js'

const body = 'grant_type=client_credentials'
const failures = { limit: 10, windowSeconds: 60 }

function start(options: Parameters<typeof setup>[0] = { rateLimits: { failures } }) {
  const suite = setup(options)
  const guess = async (id: string, secret: string, ip = '192.0.2.1') =>
    (
      await suite.endpoint({
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic(id, secret) },
        ip,
        body,
      })
    ).status
  return { ...suite, guess }
}

const count = (statuses: readonly number[], wanted: number): number => statuses.filter((status) => status === wanted).length

describe('guesses of a secret', () => {
  it('in parallel: exactly as many as the limit are looked at, and then the right one is not either', async () => {
    const { register, guess, clock } = start()
    const { id, secret } = await register()
    const statuses = await Promise.all(Array.from({ length: 64 }, (_, at) => guess(id, `wrong-${at}`)))
    expect([count(statuses, 401), count(statuses, 429)]).toEqual([10, 54])
    expect(await guess(id, secret)).toBe(429)
    clock.advance(60)
    expect(await guess(id, secret)).toBe(200)
  })

  it('lock nobody out elsewhere, and end by themselves', async () => {
    const { register, guess } = start()
    const { id, secret } = await register()
    for (let at = 0; at < 12; at += 1) await guess(id, 'wrong')
    expect(await guess(id, secret)).toBe(429)
    expect(await guess(id, secret, '192.0.2.2')).toBe(200)
  })

  it('share a budget however the address is written', async () => {
    const { register, guess } = start()
    const { id } = await register()
    const spread = async (addresses: readonly string[]) => count(await Promise.all(addresses.map((ip) => guess(id, 'wrong', ip))), 401)
    expect(await spread(Array.from({ length: 40 }, (_, at) => `2001:db8:0:1:${at.toString(16)}::1`))).toBe(10)
    expect(await spread(['2001:DB8::1:0:0:0:1', '2001:db8:0:1::', '2001:0db8:0000:0001:0000:0000:0000:0002%eth0'])).toBe(0)
    expect(await spread(['2001:db8:0:2::1'])).toBe(1)
    expect(await spread(Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? '198.51.100.7' : '::ffff:198.51.100.7')))).toBe(10)
    expect(await spread(['::ffff:c633:6407', '0:0:0:0:0:ffff:198.51.100.7'])).toBe(0)
    // With the port, as some proxies forward it.
    expect(await spread(['198.51.100.7:50123', '[::ffff:198.51.100.7]:443', '[2001:db8:0:1::9]:50123', '[2001:db8:0:1::9]'])).toBe(0)
    expect(await spread(Array.from({ length: 20 }, (_, at) => `198.51.100.8:${50_000 + at}`))).toBe(10)
  })

  it('are not what an honest client makes: its successes use up nothing', async () => {
    const { register, guess } = start()
    const { id, secret } = await register()
    for (let round = 0; round < 10; round += 1) {
      const statuses = [await guess(id, 'wrong'), await guess(id, secret), await guess(id, secret), await guess(id, secret)]
      expect(count(statuses, 200)).toBe(3)
    }
  })

  it('are not refused scopes either', async () => {
    const { register, ask, guess } = start()
    const { id, secret } = await register()
    for (let at = 0; at < 30; at += 1) {
      expect((await ask({ grant_type: 'client_credentials', scope: 'admin' }, basic(id, secret))).body.error).toBe('invalid_scope')
    }
    expect(await guess(id, secret)).toBe(200)
  })
})

it('requests beyond their budget are 429 with Retry-After', async () => {
  const { ask, register, clock } = setup({ rateLimits: { requests: { limit: 3, windowSeconds: 30 } } })
  const { id, secret } = await register()
  const heard = outcomes()
  for (let at = 0; at < 3; at += 1) await ask({ grant_type: 'client_credentials' }, basic(id, secret))
  clock.advance(10)
  const { status, headers } = await ask({ grant_type: 'client_credentials' }, basic(id, secret))
  expect([status, headers['retry-after']]).toEqual([429, '20'])
  expect(heard()).toEqual(['issued', 'issued', 'issued', 'too_many_requests'])
})

it('a fleet behind one address meets no limit by default: 2,000 at once, and bad ones among them', async () => {
  const { register, guess } = start({})
  const { id, secret } = await register()
  const statuses = await Promise.all(Array.from({ length: 2_000 }, (_, at) => guess(id, at % 100 === 0 ? 'wrong' : secret)))
  expect([count(statuses, 200), count(statuses, 401)]).toEqual([1_980, 20])
})
