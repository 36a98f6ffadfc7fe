import { describe, expect, it } from 'vitest'
import { assertionSetup, clientAssertionType } from './assertion-setup.js'

const rounds = 300
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Times at a percentile, in microseconds, of requests that take turns. */
async function timesOf(requests: readonly (() => Promise<unknown>)[], percentile: number): Promise<readonly number[]> {
  const times = requests.map((): number[] => [])
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, request] of requests.entries()) {
      const startedAt = performance.now()
      await request()
      // The first rounds compile the code.
      if (round >= rounds / 6) times[at]?.push((performance.now() - startedAt) * 1000)
    }
  }
  return times.map((list) => list.toSorted((a, b) => a - b)[Math.floor(list.length * percentile)] ?? 0)
}

/** A broken signature of the right length. */
const broken = (jwt: string): string => `${jwt.slice(0, -8)}AAAAAAAA`

async function start() {
  const suite = assertionSetup({ rateLimits: false })
  const client = await suite.keyed({ authMethods: ['private_key_jwt'] })
  const sign = async (id: string, kid = 'k1') => broken(await suite.jwtOf(id, { kid, claims: { sub: id } }))
  return { ...suite, client, sign }
}

describe('nobody learns from the time whether', () => {
  it('a client, or a key of it, is known: private_key_jwt', async () => {
    const { client, sign, ask } = await start()
    const assertions = [await sign(client.id), await sign('nobody-has-this-id'), await sign(client.id, 'no-such-kid')]
    const requests = assertions.map((client_assertion) => async () => {
      const { status } = await ask({ grant_type: 'client_credentials', client_assertion, client_assertion_type: clientAssertionType })
      expect(status).toBe(401)
    })
    const [known = 1, unknown = 0, otherKid = 0] = await timesOf(requests, 0.1)
    expect([unknown / known, otherKid / known].map((ratio) => ratio > 0.75 && ratio < 1.33)).toEqual([true, true])
  })

  it('a client is known: an assertion as a grant', async () => {
    const { client, sign, ask } = await start()
    const assertions = [await sign(client.id), await sign('nobody-has-this-id')]
    const requests = assertions.map((assertion) => async () => {
      const { status } = await ask({ grant_type: jwtBearer, assertion })
      expect(status).toBe(400)
    })
    const [known = 1, unknown = 0] = await timesOf(requests, 0.1)
    expect(unknown / known > 0.75 && unknown / known < 1.33).toBe(true)
  })
})
