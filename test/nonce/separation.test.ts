import { memoryStores } from '@countersign/core/memory'
import { createKeySet, createSigner, importJwk, selectKey, signJwt } from '@countersign/jwt'
import { createNonces, type Nonces } from '@countersign/nonce'
import { createFakeCognito, createFakeIssuer, privateKeyOf, publicJwkOf, signToken, testKeys } from '@countersign/testkit'
import { cognito, createGuard, jwks, jwksRsa, oidc, signingKeys, staticKeys } from '@countersign/verifier'
import { JwksClient } from 'jwks-rsa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { decoded, issued, optionsOf, type Purpose, secretOf, spending } from './nonce-setup.js'

// The worst case: whatever could tell them apart otherwise is the same. One issuer, one audience, one key.
const key = testKeys.rs256
const audience = 'form'
const algorithms = ['RS256'] as const
const signer = createSigner({ key: privateKeyOf(key), algorithm: 'RS256', kid: key.kid })
const secrets = { current: secretOf('a') }

type Entry = ReturnType<typeof staticKeys>
interface Place {
  readonly issuer: string
  readonly entry: Entry
}

async function remote(entryOf: (issuer: { issuer: string; jwksUrl: string }) => Entry): Promise<Place> {
  const issuer = await createFakeIssuer({ audience, keys: [key] })
  onTestFinished(() => issuer.close())
  return { issuer: issuer.issuer, entry: entryOf(issuer) }
}

async function userPool(tokenUse: 'access' | 'id'): Promise<Place> {
  const pool = await createFakeCognito({ userPoolId: 'eu-central-1_Test00000', clientId: audience, keys: [key] })
  onTestFinished(() => pool.close())
  const { userPoolId, url: endpoint, issuer } = pool
  return { issuer, entry: cognito({ userPoolId, clientId: audience, endpoint, tokenUse }) as unknown as Entry }
}

const issuer = 'https://api.test'
const imported = importJwk(publicJwkOf(key))
if (!imported.ok) throw new Error(imported.reason)
const set = createKeySet([imported.key])
const source = {
  find: (query: Parameters<typeof selectKey>[1]) => ({ key: selectKey(set, query), set }),
  isCurrent: () => true,
  ready: async () => undefined,
  close: () => undefined,
}

const presets: Readonly<Record<string, () => Place | Promise<Place>>> = {
  jwks: () => remote(({ issuer: name, jwksUrl: url }) => jwks({ issuer: name, url, algorithms, audience, allowInsecure: true })),
  oidc: () => remote(({ issuer: name }) => oidc({ issuer: name, algorithms, audience, allowInsecure: true })),
  jwksRsa: () =>
    remote(({ issuer: name, jwksUrl: jwksUri }) => jwksRsa({ issuer: name, client: new JwksClient({ jwksUri }), algorithms, audience })),
  staticKeys: () => ({ issuer, entry: staticKeys({ issuer, keys: publicJwkOf(key), algorithms, audience }) }),
  'staticKeys with the same secrets': () => ({ issuer, entry: staticKeys({ issuer, secrets, algorithms: ['HS512'], audience }) }),
  signingKeys: () => ({ issuer, entry: signingKeys({ issuer, keys: source, algorithms, audience }) }),
  'cognito for access tokens': () => userPool('access'),
  'cognito for ID tokens': () => userPool('id'),
}

/** What an access token of any of these issuers must say. */
const accessClaims = (use: string): object => ({ sub: 'user-1', client_id: audience, token_use: use, scope: 'read' })

interface Trial {
  readonly nonces: Nonces<Purpose>
  readonly store: ReturnType<typeof memoryStores>['nonces']
  readonly use: string
  readonly isHmac: boolean
  readonly issuer: string
  ask(token: string): Promise<string>
}

async function tryOut(preset: string): Promise<Trial> {
  const place = await presets[preset]?.()
  if (place === undefined) throw new Error(preset)
  const use = preset.includes('ID tokens') ? 'id' : 'access'
  const isHmac = preset.includes('secrets')
  const store = memoryStores().nonces
  const keys = isHmac ? { secrets } : { secrets: undefined, algorithm: 'RS256', signer: { current: () => signer }, keys: source }
  const nonces = createNonces(optionsOf({ issuer: place.issuer, store, now: Date.now, claims: () => accessClaims(use), ...keys }))
  const guard = createGuard({ issuers: { same: place.entry } })
  onTestFinished(() => guard.close())
  const ask = async (token: string): Promise<string> => {
    const authorization = `Bearer ${token}`
    const headers = { headers: { authorization }, rawHeaders: ['Authorization', authorization] }
    const admission = await guard.check({ method: 'GET', url: '/', ...headers })
    return admission.ok ? 'admitted' : admission.reason
  }
  return { nonces, store, use, isHmac, issuer: place.issuer, ask }
}

async function accessToken({ issuer: iss, use, isHmac }: Trial, typ: string | undefined, jti = 'access-1'): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = { ...accessClaims(use), iss, aud: audience, iat: now, exp: now + 300, jti }
  if (!isHmac) return signToken({ key, claims, header: { typ } })
  const hmac = createSigner({ key: Buffer.from(secretOf('a').secret), algorithm: 'HS512', kid: 'a' })
  return signJwt(claims, { signer: hmac, typ: typ as string })
}

describe.each(Object.keys(presets))('with %s, as it is by default, and the same issuer, audience and keys', (preset) => {
  it('a nonce never passes as an access token', async () => {
    const trial = await tryOut(preset)
    expect(await trial.ask(await accessToken(trial, 'at+jwt'))).toBe('admitted')
    expect(await trial.ask(await issued(trial.nonces, audience))).toBe('token_type')
  })

  it.each(['at+jwt', 'JWT', undefined])('an access token of type %s never passes as a nonce, even with the id of one', async (typ) => {
    const trial = await tryOut(preset)
    await trial.store.remember('access-1', { clientId: audience, ttlMs: 60_000 })
    expect(await spending(trial.nonces, await accessToken(trial, typ))).toBe('401 token_type')
    const token = await issued(trial.nonces)
    expect(await spending(trial.nonces, await accessToken(trial, typ, String(decoded(token).claims.jti)))).toBe('401 token_type')
    expect(await spending(trial.nonces, token)).toBe('spent')
  })
})

describe('nonces of the type JWT, which old clients want', () => {
  it('are kept apart from access tokens by a secret of their own', async () => {
    const nonces = createNonces(optionsOf({ typ: 'JWT', now: Date.now, secrets: { current: secretOf('', 'of nonces') } }))
    const guard = createGuard({ issuers: { own: staticKeys({ issuer, secrets, algorithms: ['HS512'], audience }) } })
    onTestFinished(() => guard.close())
    const authorization = `Bearer ${await issued(nonces)}`
    const admission = await guard.check({
      method: 'GET',
      url: '/',
      headers: { authorization },
      rawHeaders: ['Authorization', authorization],
    })
    expect(admission).toMatchObject({ ok: false, reason: 'signature' })
    const trial = await tryOut('staticKeys with the same secrets')
    expect(await spending(nonces, await accessToken(trial, 'JWT'))).toBe('401 unknown_key')
  })
})
