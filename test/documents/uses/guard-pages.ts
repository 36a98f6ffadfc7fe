import { type Auth, type ClientAuthenticator, eventChannel, type Guard, type Requirement } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createKeyRegistry, type KeyRegistry, type RemoteClientKeys } from '@countersign/keys'
import express, { type Express } from 'express'
import request from 'supertest'
import { expect } from 'vitest'
import { answerTo, tokenOf } from '../../verifier/guard-setup.js'
import { tokenOf as tokenOfIssuer } from '../issuers.js'
import type { Ran, Uses } from './use.js'

/** The five minutes of the first page. */
async function me(_nothing: unknown, { url, source }: Ran): Promise<void> {
  if (!source.includes("app.get('/me'")) return // the other program of the page is asked by curl
  const answer = await request(url).get('/me').expect(401)
  expect(answer.headers['www-authenticate']).toMatch(/^Bearer /)
  const token = await tokenOfIssuer('https://login.partner.example', { sub: 'ann', client_id: 'app', scope: 'profile' })
  await request(url).get('/me').set('authorization', `Bearer ${token}`).expect(200, { subject: 'ann' })
  await request(url).get('/orders').set('authorization', `Bearer ${token}`).expect(403)
  const reader = await tokenOfIssuer('https://login.partner.example', { client_id: 'app', scope: 'orders/read' })
  await request(url).get('/orders').set('authorization', `Bearer ${reader}`).expect(200, { orders: [] })
}

async function partner(_nothing: unknown, { url }: Ran): Promise<void> {
  const token = await tokenOfIssuer('https://partner.example', { client_id: 'app' })
  await request(url).get('/me').set('authorization', `Bearer ${token}`).expect(200, { partner: 'app' })
  await request(url).get('/reports').set('authorization', `Bearer ${token}`).expect(403)
}

async function tenants(guard: Guard): Promise<void> {
  expect(await answerTo(guard, await tokenOf({ iss: 'https://login.example/stranger/v2.0' }))).toBe('401 unknown_issuer')
  expect(await answerTo(guard, await tokenOf({ iss: 'https://login.example.evil.test/acme/v2.0' }))).toBe('401 unknown_issuer')
  const token = await tokenOfIssuer('https://login.example/acme/v2.0', {})
  expect(await answerTo(guard, token)).toBe('401 algorithm')
}

async function tenMinutes(limited: () => Requirement): Promise<void> {
  const auth = { clientId: 'app', issuer: 'https://issuer.test' } as Auth
  const answers: unknown[] = []
  for (let count = 0; count < 11; count++) answers.push(await limited()(auth, {}, { now: 0 }))
  expect(answers.slice(0, 10).every((answer) => answer === undefined)).toBe(true)
  expect(answers[10]).toMatchObject({ reason: 'too_many', status: 429 })
}

async function counted(end: () => void, { printed }: Ran): Promise<void> {
  const publish = (): void =>
    eventChannel('countersign:refused').publish({ reason: 'expired', via: 'main', cached: false, durationMs: 0, detail: undefined })
  publish()
  end()
  publish()
  expect(printed.filter((line) => line.startsWith("refused { reason: 'expired', via: 'main'"))).toHaveLength(1)
}

async function mountKeyRoutes(mount: (app: Express, keys: KeyRegistry, authenticate: ClientAuthenticator) => void): Promise<void> {
  const encryption = { current: { id: '1', secret: process.env.KEY_ENCRYPTION ?? '' } }
  const app = express()
  mount(app, createKeyRegistry({ issuer: 'https://api.example', store: memoryStores().keys, encryption }), async () => ({
    ok: false,
    reply: { status: 401, headers: {} },
  }))
  await request(app).get('/clients/ehr/keys').expect(401)
}

async function clientKeys(source: RemoteClientKeys): Promise<void> {
  expect(await source.find({ clientId: 'stranger', kid: undefined, alg: 'ES384' } as never)).toEqual({ ok: false, reason: 'unknown' })
  await source.close()
}

export const guardPages: Readonly<Record<string, Uses>> = {
  'README.md': { listening: me },
  'docs/events.md': { end: counted },
  'docs/tenants.md': { guard: tenants },
  'packages/core/README.md': { limited: tenMinutes },
  'packages/express/README.md': { listening: partner },
  'packages/koa/README.md': { listening: partner },
  'packages/keys/README.md': { mountKeyRoutes, clientKeys },
}
