import { randomUUID } from 'node:crypto'
import { signJwt } from '@countersign/jwt'
import { createKeyRegistry } from '@countersign/keys'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { appSecrets } from '../../examples/neris/src/app-secrets.js'
import { describeWith } from '../services.js'
import { integrations, people, startNeris } from './neris-app.js'
import { askToken, claimsOf, send, textIn } from './neris-requests.js'

/** A program beside the app signs with its keys. */
async function start(redisUrl: string) {
  const prefix = randomUUID()
  const secret = 'x'.repeat(32)
  const app = await startNeris({ REDIS_URL: redisUrl, STORE_PREFIX: prefix, APP_SECRET: secret })
  const claims = claimsOf(textIn(await askToken(app, { grant_type: 'client_credentials' }, { basic: integrations.plain }), 'access_token'))
  const redis = new Redis(redisUrl)
  const stores = redisStores(redis, { prefix: `neris:${prefix}` })
  onTestFinished(async () => {
    await stores.close()
    redis.disconnect()
  })
  const secretFor = await appSecrets(stores.accounts, secret)
  const { keys, revocations } = stores
  const registry = createKeyRegistry({ issuer: String(claims.iss), store: keys, revocations, encryption: secretFor('signing keys') })
  const sign = async (change: object, typ = 'at+jwt'): Promise<string> =>
    signJwt({ ...claims, jti: randomUUID(), ...change }, { signer: await registry.signer.current(), typ })
  return { app, claims, sign }
}

describeWith('redis', 'our own signature', (redisUrl) => {
  it('over a token for another audience, or of another use, opens nothing', async () => {
    const { app, claims, sign } = await start(redisUrl)
    const see = async (change: object, typ?: string): Promise<number> =>
      (await send(`${app.url}/v1/entity/FD00000001`, { bearer: await sign(change, typ) })).status
    expect(await see({})).toBe(200)
    expect(await see({ aud: [claims.aud, 'https://other.example'] })).toBe(200)
    for (const aud of ['https://other.example', ['https://other.example'], `${String(claims.aud)}/`, undefined])
      expect(await see({ aud })).toBe(401)
    expect(await see({ iss: 'https://other.example' })).toBe(401)
    expect(await see({}, 'JWT')).toBe(401)
  })

  it('makes nobody a person: not under the name of one, nor with a second factor', async () => {
    const { app, sign } = await start(redisUrl)
    const auth_time = Math.floor(Date.now() / 1000)
    const bearer = await sign({ sub: people.mail.username, username: people.mail.username, client_id: 'other', amr: ['mfa'], auth_time })
    const answer = await send(`${app.url}/v1/account/integration/VN00000001/list`, { bearer })
    expect([answer.status, answer.body]).toEqual([403, { detail: expect.stringMatching(/integration manages no integrations/) }])
    expect((await send(`${app.url}/v1/incident/FD00000001`, { method: 'POST', bearer })).status).toBe(403)
  })
})
