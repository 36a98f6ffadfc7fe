import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { WireRequest } from '@countersign/core'
import { generateProof } from 'dpop'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { describe, expect, it } from 'vitest'
import { guardOf, nonceSecrets, tokenOf } from './api-guard.js'
import { type Framework, frameworks, listen, startApi } from './http-setup.js'
import { clientKey } from './proofs.js'

const publicUrl = new URL('https://www.example/public/api/orders?page=1')

/** A proxy that gives the API another host and another path. */
function proxyTo(api: string): Promise<string> {
  return listen((req: IncomingMessage, res: ServerResponse) => {
    const { host: _, ...headers } = req.headers
    const path = (req.url ?? '').replace('/public/api', '/v1')
    const inside = { ...headers, host: 'inside.test', 'x-forwarded-host': 'inside.test' }
    const onward = httpRequest(`${api}${path}`, { method: req.method, headers: inside }, (reply) => {
      res.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(res)
    })
    req.pipe(onward)
  })
}

/** An API behind a proxy, whose guard knows where clients reach it: a fetch that knows where `www.example` is. */
async function behindProxy(framework: Framework): Promise<(url: string | URL, init?: object) => Promise<Response>> {
  const seen = ({ url = '' }: WireRequest): string => `https://www.example/public/api${url.replace('/v1', '')}`
  const guard = guardOf({ senderConstraint: { dpop: { nonce: { secrets: nonceSecrets }, publicUrl: seen } } })
  const proxy = await proxyTo(await startApi(framework, guard))
  return (url, init) => fetch(String(url).replace('https://www.example', proxy), init)
}

describe.each(frameworks)('behind a proxy that changes host and path, on %s', (framework) => {
  it('oauth4webapi gets its nonce and is admitted', async () => {
    const sentTo = await behindProxy(framework)
    const keys = await oauth.generateKeyPair('ES256')
    const client: oauth.Client = { client_id: 'app' }
    const DPoP = oauth.DPoP(client, keys)
    const token = await tokenOf({ cnf: { jkt: await DPoP.calculateThumbprint() } })
    const send = (): Promise<Response> =>
      oauth.protectedResourceRequest(token, 'GET', publicUrl, undefined, null, { DPoP, [oauth.customFetch]: sentTo })
    const challenge = await send().catch((error: unknown) => error)
    expect(oauth.isDPoPNonceError(challenge)).toBe(true)
    const reply = await send()
    expect([reply.status, await reply.json()]).toEqual([
      200,
      { subject: 'user-1', confirmation: { method: 'dpop', thumbprint: await DPoP.calculateThumbprint() } },
    ])
    expect((await send()).status).toBe(200)
  })

  it('openid-client gets its nonce and is admitted', async () => {
    const sentTo = await behindProxy(framework)
    const config = new openid.Configuration({ issuer: 'https://issuer.test' }, 'app')
    config[openid.customFetch] = sentTo
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    const token = await tokenOf({ cnf: { jkt: await DPoP.calculateThumbprint() } })
    const reply = await openid.fetchProtectedResource(config, token, publicUrl, 'POST', null, undefined, { DPoP })
    expect(reply.status).toBe(200)
  })

  it('a client with the package dpop gets its nonce and is admitted', async () => {
    const sentTo = await behindProxy(framework)
    const { privateKey, jwk, thumbprint } = await clientKey('ES256')
    const publicKey = await crypto.subtle.importKey('jwk', jwk as never, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify'])
    const token = await tokenOf({ cnf: { jkt: thumbprint } })
    const send = async (nonce?: string): Promise<Response> => {
      const proof = await generateProof({ privateKey, publicKey }, String(publicUrl), 'GET', nonce, token)
      return sentTo(publicUrl, { headers: { authorization: `DPoP ${token}`, dpop: proof } })
    }
    const challenge = await send()
    expect([challenge.status, challenge.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('use_dpop_nonce')])
    expect((await send(challenge.headers.get('dpop-nonce') ?? '')).status).toBe(200)
  })
})

describe('a guard without the public URL', () => {
  it('is not made', () => {
    expect(() => guardOf({ resource: undefined as never })).toThrow('createGuard: resource must be given with senderConstraint.dpop')
  })

  it('is not made for an entry that requires bound tokens, without senderConstraint', () => {
    expect(() => guardOf({ senderConstraint: undefined as never }, { senderConstraint: 'required' })).toThrow(
      'the entry "main" requires bound tokens',
    )
  })

  it('fails, and admits nobody, if its function returns no URL', async () => {
    const guard = guardOf({ senderConstraint: { dpop: { publicUrl: () => undefined as never } } })
    const { thumbprint } = await clientKey('ES256')
    const token = await tokenOf({ cnf: { jkt: thumbprint } })
    const request = { method: 'GET', url: '/', headers: { authorization: `DPoP ${token}`, dpop: 'a.b.c' } }
    await expect(guard.check(request)).rejects.toThrow('publicUrl must return a string')
  })
})
