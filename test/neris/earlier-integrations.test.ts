import { randomBytes, randomUUID } from 'node:crypto'
import { createClients } from '@countersign/grants'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { describeWith } from '../services.js'
import { callsOf, made } from './account-calls.js'
import { integrations, startNeris } from './neris-app.js'
import { askToken } from './neris-requests.js'
import { signIn } from './sign-in.js'

const credentials = { grant_type: 'client_credentials' }

describeWith('redis', 'integrations that an earlier version stored, which send Basic only', (url) => {
  it('of the seed may send both after a start; those made over the API keep Basic', async () => {
    const prefix = randomUUID()
    const env = { REDIS_URL: url, STORE_PREFIX: prefix }
    const before = await startNeris(env)
    const own = await made(callsOf(before, (await signIn(before)).access))
    const ofSeed = integrations.plain
    const redis = new Redis(url)
    const stores = redisStores(redis, { prefix: `neris:${prefix}`, onWarning: () => undefined })
    onTestFinished(async () => {
      await stores.close()
      redis.disconnect()
    })
    const clients = createClients({ store: stores.clients, pepper: { current: { id: 'none', secret: randomBytes(32) } } })
    for (const { id } of [own, ofSeed]) expect(await clients.update(id, { authMethods: ['client_secret_basic'] })).toBeDefined()

    const app = await startNeris(env)
    const inBody = async ({ id, secret }: typeof own): Promise<number> =>
      (await askToken(app, { ...credentials, client_id: id, client_secret: secret })).status
    const basic = async (one: typeof own): Promise<number> => (await askToken(app, credentials, { basic: one })).status
    expect([await basic(ofSeed), await inBody(ofSeed)]).toEqual([200, 200])
    expect([await basic(own), await inBody(own)]).toEqual([200, 401])
    const young = await made(callsOf(app, (await signIn(app)).access))
    expect([await basic(young), await inBody(young)]).toEqual([200, 200])
  })
})
