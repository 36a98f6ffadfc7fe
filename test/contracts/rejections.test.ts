import type { Guard } from '@countersign/core'
import type { MountApp } from '@countersign/testkit'
import request from 'supertest'
import { afterEach, describe, expect, it } from 'vitest'
import { adapters } from './adapters.js'
import { fakeGuard } from './fake-guard.js'

const rejecting = (value: unknown): Guard => fakeGuard(() => Promise.reject(value))

// Express passes on at next(undefined), leaves the route at next('route') and the router at next('router').
const thrown = [undefined, null, '', 'route', 'router', 0, new Error('a fault of the program')]

describe.each(adapters)('$name', ({ start }) => {
  const running: { close(): Promise<void> }[] = []
  const serve = async (define: (app: MountApp) => void): Promise<string> => {
    const server = await start(define)
    running.push(server)
    return server.url
  }
  afterEach(async () => {
    for (const server of running.splice(0)) await server.close()
  })

  it.each(thrown)('a guard that rejects with %j ends at the error handler, once, and admits nothing', async (value) => {
    const heard: unknown[] = []
    let admitted = 0
    const url = await serve((app) => {
      app.onError((error) => heard.push(error))
      app.protect('/me', rejecting(value), [], () => ++admitted)
      app.open('/me', () => ++admitted)
    })
    await request(url).get('/me').expect(500, { error: 'host' })
    expect(heard).toHaveLength(1)
    expect(heard[0]).toBeTruthy()
    expect(admitted).toBe(0)
  })

  it.each(thrown)('an endpoint that rejects with %j ends at the error handler, once', async (value) => {
    const heard: unknown[] = []
    const url = await serve((app) => {
      app.onError((error) => heard.push(error))
      app.handle('POST', '/token', () => Promise.reject(value))
    })
    await request(url).post('/token').expect(500, { error: 'host' })
    expect(heard).toHaveLength(1)
  })

  it('an endpoint that throws at once ends at the error handler', async () => {
    const url = await serve((app) => {
      app.handle('GET', '/keys', () => {
        throw new Error('a fault of the program')
      })
    })
    await request(url).get('/keys').expect(500, { error: 'host' })
  })

  it('an error of a later handler reaches the error handler once', async () => {
    const heard: unknown[] = []
    const url = await serve((app) => {
      app.onError((error) => heard.push(error))
      app.protect('/me', fakeGuard(), [], () => {
        throw new Error('of the handler')
      })
    })
    await request(url).get('/me').expect(500, { error: 'host' })
    expect(heard).toEqual([new Error('of the handler')])
  })
})
