import type { Fetch } from '@countersign/core'
import { jwksRsaClientKeys, remoteClientKeys } from '@countersign/keys'
import { cognito, createGuard, createVerifier, jwks, jwksRsa, oidc } from '@countersign/verifier'
import jwksClient from 'jwks-rsa'
import nodeFetch from 'node-fetch'
import { Agent, ProxyAgent, fetch as undiciFetch } from 'undici'

const dispatcher = new ProxyAgent({ uri: 'http://proxy.example:3128', requestTls: { ca: 'pem' } })

/** Each way to fetch that a host has. What fits `Fetch` fits every option below, since they all have this type. */
export const fetches: readonly Fetch[] = [
  fetch,
  globalThis.fetch,
  undiciFetch,
  nodeFetch,
  (url, init) => undiciFetch(url, { ...init, dispatcher }),
  (url, init) => undiciFetch(url, { ...init, dispatcher: new Agent({ connect: { ca: 'pem' } }) }),
  (url, init) => nodeFetch(url, { ...init, agent: undefined }),
  (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'user-agent': 'ours' } }),
  async (url) => new Response(`{"url":"${url}"}`),
]

const base = { issuer: 'https://a.example', algorithms: ['ES256'], audience: null } as const
const viaProxy = (url: string, init: Parameters<Fetch>[1]): ReturnType<typeof undiciFetch> => undiciFetch(url, { ...init, dispatcher })

/** Written in place, as a host does it, at every option that takes a fetch. */
export const guards = [
  createGuard({
    fetch: (url, init) => undiciFetch(url, { ...init, dispatcher }),
    issuers: {
      jwks: jwks({ ...base, url: 'https://a.example/jwks', fetch: (url, init) => undiciFetch(url, { ...init, dispatcher }) }),
      oidc: oidc({ ...base, issuer: 'https://b.example', fetch: (url, init) => undiciFetch(url, { ...init, dispatcher }) }),
      pool: cognito({
        userPoolId: 'eu-central-1_Abcdefghi',
        clientId: 'app',
        fetch: (url, init) => undiciFetch(url, { ...init, dispatcher }),
      }),
    },
  }),
  createVerifier({ issuers: { jwks: jwks({ ...base, url: 'https://a.example/jwks', fetch: viaProxy }) }, fetch: undiciFetch }),
  createVerifier({ issuers: { oidc: oidc({ ...base, fetch: nodeFetch }) }, fetch: nodeFetch }),
  createVerifier({ issuers: { pool: cognito({ userPoolId: 'eu-central-1_Abcdefghi', clientId: 'app', fetch }) }, fetch }),
]

const clientKeys = { jwksUri: () => 'https://a.example/jwks', allowedOrigins: ['https://a.example'], algorithms: ['ES256'] } as const
/** A client of `jwks-rsa` fetches by itself: its `fetcher` is the place. */
const client = jwksClient({
  jwksUri: 'https://a.example/jwks',
  fetcher: async (url) => (await undiciFetch(url, { dispatcher })).json() as Promise<{ keys: object[] }>,
})

export const others = [
  remoteClientKeys({ ...clientKeys, fetch: (url, init) => undiciFetch(url, { ...init, dispatcher }) }),
  remoteClientKeys({ ...clientKeys, fetch: undiciFetch }),
  remoteClientKeys({ ...clientKeys, fetch: nodeFetch }),
  remoteClientKeys({ ...clientKeys, fetch }),
  jwksRsa({ ...base, client }),
  jwksRsaClientKeys({ jwksClient: () => client, algorithms: ['RS256'] }),
]

// @ts-expect-error something that is no response
export const nothing: Fetch = async () => ({ ok: true })
// @ts-expect-error must be asynchronous
export const atOnce: Fetch = () => new Response()
