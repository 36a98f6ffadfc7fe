import { expect, it } from 'vitest'
import { startNeris } from './neris-app.js'
import { send } from './neris-requests.js'
import { signIn } from './sign-in.js'

it('no body at accounts, and one of another media type, are 422', async () => {
  const app = await startNeris()
  const { access } = await signIn(app)
  const url = `${app.url}/v1/account/integration/VN00000001`
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const sent of [{}, { text: 'title=x', headers }]) {
    const answer = await send(url, { method: 'POST', bearer: access, ...sent })
    expect([answer.status, answer.body]).toEqual([422, { detail: [expect.objectContaining({ loc: ['body'] })] }])
  }
})

it('another method is 405 with those that there are, an escape that is none 400', async () => {
  const app = await startNeris()
  const allowed = { '/v1/account/integration/VN00000001': 'POST, DELETE', '/v1/health': 'GET, HEAD', '/v1/incident/FD00000001': 'POST' }
  for (const [path, allow] of Object.entries({ ...allowed, '/v1/entity/FD00000001': 'GET, HEAD' })) {
    const answer = await send(app.url + path, { method: 'PUT' })
    expect([path, answer.status, answer.body, answer.headers.get('allow')]).toEqual([path, 405, { detail: 'Method Not Allowed' }, allow])
  }
  const bad = await send(`${app.url}/v1/account/integration/%zz/list`)
  expect([bad.status, bad.body]).toEqual([400, { detail: 'Bad Request' }])
})
