import { onEvent } from '@countersign/core'
import { jwksRsaClientKeys, remoteClientKeys } from '@countersign/keys'
import { testKeys, tokenFactory } from '@countersign/testkit'
import { cognito, createGuard, type GuardOptions, type IssuerEntry, jwks, jwksRsa, oidc } from '@countersign/verifier'
import jwksClient from 'jwks-rsa'
import nodeFetch from 'node-fetch'
import { type Dispatcher, ProxyAgent, fetch as undiciFetch } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type CompanyNetwork, startCompanyNetwork } from './company-network.js'
import { answerOf, startIssuer } from './remote-jwks-setup.js'

const host = 'login.partner.example'
const issuer = `https://${host}`
const audience = 'https://api.example'
const poolIssuer = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abcdefghi'

let network: CompanyNetwork
let dispatcher: Dispatcher
/** The way around the proxy: nothing may take it. */
const around = vi.fn<typeof fetch>(async () => Promise.reject(new Error('fetched around the proxy')))

const viaProxy: NonNullable<GuardOptions['fetch']> = (url, init) => undiciFetch(url, { ...init, dispatcher })

beforeAll(async () => {
  network = await startCompanyNetwork([host, 'cognito-idp.eu-central-1.amazonaws.com'])
  dispatcher = new ProxyAgent({ uri: network.proxyUrl, requestTls: { ca: network.ca } })
})
beforeEach(() => {
  around.mockClear()
  vi.spyOn(globalThis, 'fetch').mockImplementation(around)
})
afterAll(async () => {
  await dispatcher.close()
  await network.close()
})

const tokenOf = (iss: string, claims: Readonly<Record<string, unknown>> = {}, key = testKeys.es256): Promise<string> =>
  tokenFactory({ issuer: iss, audience, keys: [key] }).token({ claims })

async function answerTo(entry: IssuerEntry, token: string, options: Partial<GuardOptions> = {}): Promise<string> {
  const guard = createGuard({ ...options, issuers: { partner: entry } })
  onTestFinished(() => guard.close())
  return answerOf(guard, token)
}

/** The host was reached by a tunnel, servers took connections of the proxy alone, and the global fetch was not called. */
function onlyTheProxy(name: string): void {
  expect(network.tunnels).toContain(`${name}:443`)
  expect(network.connections.taken).toBe(network.tunnels.length)
  expect(network.connections.fromProxy).toBe(network.tunnels.length)
  expect(around).not.toHaveBeenCalled()
}

const base = { issuer, audience, algorithms: ['ES256', 'RS256'] } as const
const url = `${issuer}/jwks`
const fetcher = async (from: string): Promise<{ keys: object[] }> =>
  (await undiciFetch(from, { dispatcher })).json() as Promise<{ keys: object[] }>

describe('keys behind a proxy, on servers with an own CA', () => {
  it.each<[string, () => IssuerEntry, Partial<GuardOptions>]>([
    ['jwks with a fetch of the entry', () => jwks({ ...base, url, fetch: viaProxy }), {}],
    ['jwks with the fetch of the guard', () => jwks({ ...base, url }), { fetch: viaProxy }],
    ['oidc, metadata and keys', () => oidc({ ...base, fetch: viaProxy }), {}],
    ['jwks-rsa, whose client has a fetcher', () => jwksRsa({ ...base, client: jwksClient({ jwksUri: url, fetcher }) }), {}],
  ])('%s: a token is admitted', async (_what, entry, options) => {
    const before = network.requests.length
    expect(await answerTo(entry(), await tokenOf(issuer), options)).toBe('200')
    expect(network.requests.slice(before)).toContain(url)
    onlyTheProxy(host)
  })

  it('cognito: a token is admitted', async () => {
    const entry = cognito({ userPoolId: 'eu-central-1_Abcdefghi', clientId: 'app' })
    const claims = { aud: undefined, token_use: 'access', client_id: 'app', username: 'vera' }
    expect(await answerTo(entry, await tokenOf(poolIssuer, claims, testKeys.rs256), { fetch: viaProxy })).toBe('200')
    expect(network.requests).toContain(`${poolIssuer}/.well-known/jwks.json`)
    onlyTheProxy('cognito-idp.eu-central-1.amazonaws.com')
  })

  it('keys of clients are found', async () => {
    const before = network.requests.length
    const algorithms = ['ES256'] as const
    const remote = remoteClientKeys({ jwksUri: () => url, allowedOrigins: [issuer], algorithms, fetch: viaProxy })
    const ofClients = jwksRsaClientKeys({ jwksClient: () => jwksClient({ jwksUri: url, fetcher }), algorithms })
    for (const keys of [remote, ofClients]) {
      onTestFinished(() => keys.close())
      expect(await keys.find({ clientId: 'c', kid: testKeys.es256.kid, algorithm: 'ES256' })).toMatchObject({ ok: true })
    }
    expect(network.requests.slice(before)).toEqual([url, url])
    onlyTheProxy(host)
  })
})

describe('a proxy that does not lead there', () => {
  const causes = (): readonly unknown[] => {
    const heard: unknown[] = []
    onTestFinished(onEvent('countersign:key-source', ({ cause }) => heard.push(cause)))
    return heard
  }

  it('without the CA a token is 503, and the event says that no certificate leads to a known CA', async () => {
    const withoutCa = new ProxyAgent({ uri: network.proxyUrl })
    onTestFinished(() => withoutCa.close())
    const heard = causes()
    const fetch: typeof viaProxy = (to, init) => undiciFetch(to, { ...init, dispatcher: withoutCa })
    expect(await answerTo(jwks({ ...base, url, fetch }), await tokenOf(issuer))).toBe('503 key_source_unavailable')
    expect(heard).toMatchObject([{ cause: { cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } } }])
    expect(around).not.toHaveBeenCalled()
  })

  it('a proxy that is down is 503, and nothing is fetched around it', async () => {
    const nobody = new ProxyAgent({ uri: 'http://127.0.0.1:9', requestTls: { ca: network.ca } })
    onTestFinished(() => nobody.close())
    const [heard, { taken }] = [causes(), network.connections]
    const fetch: typeof viaProxy = (to, init) => undiciFetch(to, { ...init, dispatcher: nobody })
    expect(await answerTo(jwks({ ...base, url, fetch }), await tokenOf(issuer))).toBe('503 key_source_unavailable')
    expect(heard).toMatchObject([{ cause: { cause: { code: 'ECONNREFUSED' } } }])
    expect(network.connections.taken).toBe(taken)
    expect(around).not.toHaveBeenCalled()
  })
})

it('node-fetch loads keys, whose body is a stream of Node', async () => {
  const partner = await startIssuer()
  const entry = jwks({ issuer: partner.issuer, url: partner.jwksUrl, algorithms: ['ES256', 'RS256'], audience: null, fetch: nodeFetch })
  expect(await answerTo(entry, await partner.token())).toBe('200')
  expect(partner.fetches.jwks).toBe(1)
  expect(around).not.toHaveBeenCalled()
})
