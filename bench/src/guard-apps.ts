import { createPublicKey, hash, type JsonWebKey, verify } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { protect as protectExpress } from '@countersign/express'
import { protect as protectKoa } from '@countersign/koa'
import { createGuard, jwks, type ResourceGuard, requireScopes } from '@countersign/verifier'
import Router from '@koa/router'
import { JwtVerifier } from 'aws-jwt-verify'
import type { Jwks } from 'aws-jwt-verify/jwk'
import express, { type RequestHandler } from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jwksRsa from 'jwks-rsa'
import Koa, { type Context, type Middleware } from 'koa'
import koaJwt from 'koa-jwt'
import { audience, benchKey, issuer, makeTokens, prepare } from './tokens.js'

/** Makes an app whose keys come from a URL. */
export type CreateApp = (jwksUrl: string) => Promise<RequestListener>

const algorithms = ['RS256']

function guardWith(jwksUrl: string, cache: false | { readonly maxEntries?: number }): ResourceGuard {
  return createGuard({ cache, issuers: { bench: jwks({ issuer, audience, url: jwksUrl, algorithms: ['RS256'] }) } }) as ResourceGuard
}

function bearer(ctx: Context): string {
  const [scheme = '', token = ''] = (ctx.headers.authorization ?? '').split(' ')
  if (scheme.toLowerCase() !== 'bearer' || token === '') ctx.throw(401)
  return token
}

/** What a host writes around a library for tokens. */
function verifying(verify: (token: string) => unknown): Middleware {
  return async (ctx, next) => {
    const token = bearer(ctx)
    try {
      ctx.state.claims = await verify(token)
    } catch {
      ctx.throw(401)
    }
    return next()
  }
}

/** What every app answers. */
function recordOf(id: string | undefined): object {
  return {
    id,
    status: 'final',
    subject: 'Patient/4711',
    issued: '2026-11-20T08:15:30Z',
    performer: ['Practitioner/12'],
    code: '8867-4',
    value: 72,
  }
}

/** An app as users have it: a router, a parameter in the path, a small answer in JSON. */
function koa(...guards: readonly Middleware[]): RequestListener {
  const router = new Router()
  router.get('/records/:id', ...guards, (ctx) => {
    ctx.body = recordOf(ctx.params.id)
  })
  return new Koa().use(router.routes()).callback()
}

async function fetchJwks(url: string): Promise<{ readonly keys: readonly JsonWebKey[] }> {
  return (await (await fetch(url)).json()) as { keys: JsonWebKey[] }
}

/** No guard: what the primitives cost in a server, where they share the processor's caches with everything else. */
async function withBareVerify(): Promise<RequestListener> {
  const key = benchKey('RS256')
  const [token = ''] = await makeTokens(key, 1)
  const { data, signature } = prepare(token)
  return koa((_ctx, next) => {
    verify('sha256', data, key.verifying, signature)
    return next()
  })
}

function withBareHash(): RequestListener {
  return koa((ctx, next) => {
    hash('sha256', ctx.req.headers.authorization ?? '', 'binary')
    return next()
  })
}

async function withStaticKoaJwt(jwksUrl: string): Promise<RequestListener> {
  const { keys } = await fetchJwks(jwksUrl)
  const key = createPublicKey({ key: keys[0] ?? {}, format: 'jwk' })
  // Its types know text and bytes only, but it hands the key on to jsonwebtoken, which takes a KeyObject.
  return koa(koaJwt({ secret: key as unknown as Buffer, issuer, audience, algorithms }))
}

function withRemoteKoaJwt(jwksUrl: string): RequestListener {
  const secret = jwksRsa.koaJwtSecret({ jwksUri: jwksUrl, cache: true, rateLimit: true })
  return koa(koaJwt({ secret, issuer, audience, algorithms }))
}

type Verify = (token: string) => unknown

async function awsVerify(jwksUrl: string): Promise<Verify> {
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: 'https://issuer.example/jwks.json' })
  verifier.cacheJwks((await fetchJwks(jwksUrl)) as unknown as Jwks)
  return (token) => verifier.verifySync(token)
}

function joseVerify(jwksUrl: string): Verify {
  const keys = createRemoteJWKSet(new URL(jwksUrl))
  return (token) => jwtVerify(token, keys, { issuer, audience, algorithms })
}

/** Koa apps that differ in their guard only. */
export const koaApps: Readonly<Record<string, CreateApp>> = {
  unguarded: async () => koa(),
  'unguarded, again': async () => koa(),
  'bare crypto.verify': withBareVerify,
  'bare SHA-256': async () => withBareHash(),
  'countersign cold': async (url) => koa(protectKoa(guardWith(url, false))),
  'countersign cached': async (url) => koa(protectKoa(guardWith(url, {}))),
  'countersign cached, requireScopes': async (url) => koa(protectKoa(guardWith(url, {}), requireScopes('records:read'))),
  'koa-jwt, KeyObject': withStaticKoaJwt,
  'koa-jwt, jwks-rsa': async (url) => withRemoteKoaJwt(url),
  jose: async (url) => koa(verifying(joseVerify(url))),
  'aws-jwt-verify': async (url) => koa(verifying(await awsVerify(url))),
}

function expressWith(...guards: readonly RequestHandler[]): RequestListener {
  const app = express()
  app.get('/records/:id', ...guards, (request, response) => {
    response.json(recordOf(String(request.params.id)))
  })
  return app as RequestListener
}

/** The same as {@link verifying} for Express; what is there at once is not waited for. */
function verifyingExpress(verify: Verify, waits: boolean): RequestHandler {
  return async (request, response, next) => {
    const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ')
    try {
      if (scheme.toLowerCase() !== 'bearer') throw new Error('no bearer')
      const claims = waits ? await verify(token) : verify(token)
      Object.assign(request, { claims })
    } catch {
      response.sendStatus(401)
      return
    }
    next()
  }
}

/** Express apps that differ in their guard only. */
export const expressApps: Readonly<Record<string, CreateApp>> = {
  unguarded: async () => expressWith(),
  'unguarded, again': async () => expressWith(),
  'countersign cold': async (url) => expressWith(protectExpress(guardWith(url, false))),
  'countersign cached': async (url) => expressWith(protectExpress(guardWith(url, {}))),
  'express-oauth2-jwt-bearer': async (url) => expressWith(auth({ issuer, audience, jwksUri: url, tokenSigningAlg: 'RS256' })),
  jose: async (url) => expressWith(verifyingExpress(joseVerify(url), true)),
  'aws-jwt-verify': async (url) => expressWith(verifyingExpress(await awsVerify(url), false)),
}
