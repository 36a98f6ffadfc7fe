import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Endpoint, Guard } from '@countersign/core'
import { handle as handleOnExpress, protect as protectOnExpress } from '@countersign/express'
import { handle as handleOnKoa, protect as protectOnKoa } from '@countersign/koa'
import { cognito as cognitoPreset, createGuard } from '@countersign/verifier'
import Router from '@koa/router'
import express from 'express'
import Koa from 'koa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mfa, startGrant } from './grant-setup.js'
import { password } from './pool-setup.js'

type AnyGuard = Parameters<typeof protectOnExpress>[0] & Guard

function onExpress(endpoint: Endpoint, guard: AnyGuard): RequestListener {
  const app = express()
  app.post('/v1/token', express.urlencoded(), handleOnExpress(endpoint))
  app.get('/me', protectOnExpress(guard), (_req, res) => void res.json({ ok: true }))
  return app
}

function onKoa(endpoint: Endpoint, guard: AnyGuard): RequestListener {
  const router = new Router()
  router.post('/v1/token', handleOnKoa(endpoint))
  router.get('/me', protectOnKoa(guard), (ctx: Koa.Context) => {
    ctx.body = { ok: true }
  })
  const listener = new Koa().use(router.routes()).callback()
  return (req, res) => void listener(req, res)
}

describe.each([
  ['Express', onExpress],
  ['Koa', onKoa],
] as const)('on %s', (_name, mount) => {
  it('a person signs in with password and code, refreshes, and is admitted', async () => {
    const { suite, headers, pool, clock, code } = await startGrant()
    const entry = cognitoPreset({ userPoolId: pool.userPoolId, clientId: pool.clientId, endpoint: pool.url })
    const guard = createGuard({ issuers: { entry }, now: clock.now })
    const server = createServer(mount(suite.endpoint, guard)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      server.close()
      await guard.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const post = async (form: Readonly<Record<string, string>>) => {
      const reply = await fetch(`${url}/v1/token`, { method: 'POST', headers, body: new URLSearchParams(form) })
      return { status: reply.status, body: (await reply.json()) as Readonly<Record<string, string>> }
    }
    const me = async (token = '') => (await fetch(`${url}/me`, { headers: { authorization: `Bearer ${token}` } })).status

    const challenged = await post({ grant_type: 'password', username: 'ben@x.example', password })
    expect([challenged.status, challenged.body.error]).toEqual([400, 'mfa_required'])
    const signedIn = await post({ grant_type: mfa, mfa_token: challenged.body.mfa_token ?? '', code: code() })
    expect([signedIn.status, await me(signedIn.body.access_token)]).toEqual([200, 200])
    clock.advance(3610)
    expect(await me(signedIn.body.access_token)).toBe(401)
    const refreshed = await post({ grant_type: 'refresh_token', refresh_token: signedIn.body.refresh_token ?? '' })
    expect([refreshed.status, await me(refreshed.body.access_token)]).toEqual([200, 200])
  })
})
