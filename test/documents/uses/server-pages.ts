import request from 'supertest'
import { expect } from 'vitest'
import type { Ran, Uses } from './use.js'

/** The program for production serves, refuses strangers, is ready, and ends by its own handler of the signal. */
async function production(_nothing: unknown, { url }: Ran): Promise<void> {
  const form = { grant_type: 'client_credentials', client_id: 'stranger', client_secret: 'unknown' }
  await request(url).post('/token').type('form').send(form).expect(401)
  await request(url).get('/jobs').expect(401)
  await request(url).get('/livez').expect(200)
  await request(url).get('/readyz').expect(200, { failed: [] })
  const end = process.listeners('SIGTERM').at(-1)
  end?.('SIGTERM')
  await expect
    .poll(() =>
      request(url)
        .get('/livez')
        .then(
          () => 'served',
          () => 'ended',
        ),
    )
    .toBe('ended')
}

async function whoIs(who: (request: object) => unknown): Promise<void> {
  expect(() => who({})).toThrow('did not admit this request')
}

export const serverPages: Readonly<Record<string, Uses>> = {
  'docs/production.md': { listening: production },
  'packages/countersign/README.md': { whoIs },
}
