import { clientCredentials, tokenExchange } from '@countersign/grants'
import { expect, it } from 'vitest'
import { allowPeople, assertionSetup, basic, clientAssertionType, exchangeOf } from './assertion-setup.js'
import { onEveryStore } from './on-every-store.js'

/** A store takes none of them for an id. */
const names = ['x'.repeat(7000), 'é'.repeat(700), 'a\0b', 'a\ud800', '\udfff', '__proto__', ' ', "'; --", '\ufeff', '{}']
const grant = { grant_type: 'client_credentials' }

onEveryStore((open) => {
  function start() {
    const grants = [clientCredentials(), tokenExchange({ policy: allowPeople })]
    const suite = assertionSetup({ allStores: open(), now: Date.now, json: true, grants })
    const json = async (body: object, headers: object = {}): Promise<number> => {
      const type = { 'content-type': 'application/json', ...headers }
      return (await suite.endpoint({ method: 'POST', url: '/', headers: type, ip: '192.0.2.1', body })).status
    }
    return { ...suite, json }
  }

  it('a client id that can be none is that of nobody, and no outage', async () => {
    const { json } = start()
    for (const client_id of names) {
      const bare = await json({ ...grant, client_id })
      const answers = [bare, await json({ ...grant, client_id, client_secret: 'x' }), await json(grant, basic(client_id, 'x'))]
      expect([client_id.slice(0, 9), answers]).toEqual([client_id.slice(0, 9), [401, 401, 401]])
    }
  })

  it('a subject that can be no client id is no outage: signing, it is nobody; in a subject token, a person', async () => {
    const { json, jwtOf, keyed } = start()
    const { id, secret } = await keyed({ assertion: { jti: 'any', maxLifetimeSeconds: 3600 } })
    // Longer than client assertions live: the store has only begun to remember.
    const exp = Math.floor(Date.now() / 1000) + 900
    // What is signed is Unicode, and no longer than a token.
    for (const sub of names.filter((name) => name.length < 5000 && !/\p{Surrogate}/u.test(name))) {
      const client_assertion = await jwtOf(id, { claims: { iss: sub, sub } })
      const signing = await json({ ...grant, client_assertion, client_assertion_type: clientAssertionType })
      const named = await json(exchangeOf(await jwtOf(id, { claims: { sub, exp } })), basic(id, secret))
      expect([sub.slice(0, 9), signing, named]).toEqual([sub.slice(0, 9), 401, 200])
    }
  })
})
