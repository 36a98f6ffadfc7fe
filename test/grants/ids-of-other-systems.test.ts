import { rfc6749 } from '@countersign/grants'
import { describe, expect, it } from 'vitest'
import { basic, setup } from './endpoint-setup.js'

const grantType = { grant_type: 'client_credentials' }

describe('an id that another system gave', () => {
  it('with an escape in it is taken as it stands by a raw client', async () => {
    const { ask, register } = setup()
    const { id, secret } = await register({ id: 'app%3Ax%3Ay', basicEncoding: 'raw' })
    expect((await ask(grantType, basic(id, secret))).status).toBe(200)
    expect((await ask({ ...grantType, client_id: id }, basic(id, secret))).status).toBe(200)
    for (const other of ['app%253Ax%253Ay', 'app%3ax%3ay']) expect((await ask(grantType, basic(other, secret))).status).toBe(401)
    expect((await ask(grantType, basic(id, 'wrong'))).status).toBe(401)
  })

  it('with a colon in it is escaped by a form-encoding client', async () => {
    const { ask, register } = setup()
    const { id, secret } = await register({ id: 'app:x:y' })
    expect((await ask(grantType, basic('app%3Ax%3Ay', secret))).status).toBe(200)
    expect((await ask({ ...grantType, client_id: id }, basic('app%3Ax%3Ay', secret))).status).toBe(200)
    expect((await ask(grantType, basic(id, secret))).status).toBe(401)
  })

  it('never lets in another client than the one that is meant', async () => {
    const { ask, register } = setup()
    const colon = await register({ id: 'a:b' })
    const escaped = await register({ id: 'a%3Ab', basicEncoding: 'raw' })
    expect((await ask(grantType, basic('a%3Ab', colon.secret))).status).toBe(200)
    expect((await ask(grantType, basic('a%3Ab', escaped.secret))).status).toBe(401)
    const raw = await register({ id: 'c.d', basicEncoding: 'raw' })
    expect((await ask(grantType, basic('c%2Ed', raw.secret))).status).toBe(401)
  })

  it('stays one that Basic carries when the client is changed', async () => {
    const { clients, register } = setup()
    await register({ id: 'a%3Ab', basicEncoding: 'raw' })
    await expect(clients.update('a%3Ab', { basicEncoding: 'form' })).rejects.toThrow(TypeError)
  })
})

describe('a dialect', () => {
  it('may say what a 401 asks for', async () => {
    const { ask } = setup({ dialect: { ...rfc6749, wwwAuthenticate: 'Basic realm="other"' } })
    const { status, headers } = await ask(grantType, basic('nobody', 'x'))
    expect([status, headers['www-authenticate']]).toEqual([401, 'Basic realm="other"'])
  })
})
