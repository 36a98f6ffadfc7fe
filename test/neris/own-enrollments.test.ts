import { describe, expect, it } from 'vitest'
import { callsOf, made, start, tokenOf } from './account-calls.js'
import { integrations } from './neris-app.js'
import { textIn } from './neris-requests.js'

const unknown = '00000000-0000-4000-8000-000000000000'

describe('an integration with its own token', () => {
  it('reads where it is enrolled, and nothing of another integration or of an entity', async () => {
    const { app, call } = await start()
    const basic = await made(call)
    const other = await made(call)
    for (const { id } of [basic, other]) await call('POST', `/enrollment/FD00000001/${id}`)
    const own = callsOf(app, textIn(await tokenOf(app, basic), 'access_token'))
    const answer = await own('GET', `/enrollment/${basic.id}`)
    expect([answer.status, answer.body]).toEqual([200, (await call('GET', `/enrollment/${basic.id}`)).body])
    expect(answer.body).toMatchObject({ total_count: 1, enrollments: [{ client_id: basic.id, neris_id: 'FD00000001' }] })
    expect((await own('GET', `/enrollment/${basic.id}?page_number=2`)).body).toMatchObject({ total_count: 1, enrollments: [] })
    expect((await own('GET', `/enrollment/${basic.id}?page_size=0`)).status).toBe(422)
    for (const path of [other.id, integrations.rotating.id, unknown, 'FD00000001', 'VN00000001'])
      expect([path, (await own('GET', `/enrollment/${path}`)).status]).toEqual([path, 403])
    expect((await own('DELETE', `/enrollment/FD00000001/${basic.id}`)).status).toBe(403)
    await call('DELETE', `/enrollment/FD00000001/${basic.id}`)
    expect((await own('GET', `/enrollment/${basic.id}`)).body).toMatchObject({ total_count: 0, enrollments: [] })
  })
})
