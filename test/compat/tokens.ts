import { type FakeIssuer, malformedTokens, type TestKey, testKeys } from '@countersign/testkit'
import type { Probe } from './probe.js'

export const audience = 'https://api.example'

type Fields = readonly (readonly [name: string, value: string])[]

/** Ways to send credentials, by what they are. */
export async function credentials(issuer: FakeIssuer): Promise<ReadonlyMap<string, Fields>> {
  const field = (value: string): Fields => [['authorization', value]]
  const bearer = (token: string): Fields => field(`Bearer ${token}`)
  const now = Math.floor(issuer.now() / 1000)
  const good = await issuer.token({ claims: { name: 'Ada', roles: ['reader'], address: { town: 'Paris' }, scope: 'read write' } })
  const withClaims = (claims: Readonly<Record<string, unknown>>): Promise<string> => issuer.token({ claims })
  return new Map<string, Fields>([
    ['no credentials', []],
    ['a good token', bearer(good)],
    ['a good token in a list of audiences', bearer(await withClaims({ aud: ['https://other.example', audience] }))],
    ['a good token without sub', bearer(await withClaims({ sub: undefined }))],
    ['the scheme in lower case', field(`bearer ${good}`)],
    ['the scheme in upper case', field(`BEARER ${good}`)],
    ['blanks around the field', field(`  Bearer ${good}  `)],
    ['a token that expired', bearer(await issuer.token({ lifetimeSeconds: -300 }))],
    ['a token that is not valid yet', bearer(await withClaims({ nbf: now + 300 }))],
    ['a token for another audience', bearer(await withClaims({ aud: 'https://other.example' }))],
    ['a token of another issuer', bearer(await withClaims({ iss: 'https://other.example' }))],
    ['a token that another key signed', bearer(await issuer.token({ key: testKeys.rs256Other, kid: testKeys.rs256.kid }))],
    ['a token with an unknown kid', bearer(await issuer.token({ key: testKeys.rs256Other }))],
    ['a token that is not a JWT', bearer('not-a-jwt')],
    ['the token without a scheme', field(good)],
    ['the scheme alone', field('Bearer')],
    ['the scheme and a blank', field('Bearer ')],
    ['two blanks after the scheme', field(`Bearer  ${good}`)],
    ['two tokens', field(`Bearer ${good} ${good}`)],
    ['Basic', field('Basic YTpi')],
    ['Basic without a value', field('Basic')],
    ['the scheme JWT', field(`JWT ${good}`)],
    ['the scheme DPoP', field(`DPoP ${good}`)],
    ['two fields with the same good token', [...bearer(good), ...bearer(good)]],
    ['two fields, the good token first', [...bearer(good), ...field('Basic YTpi')]],
    ['two fields, the good token last', [...field('Basic YTpi'), ...bearer(good)]],
    ['an empty field', field('')],
    ['a good token and access_token in the query', bearer(good)],
  ])
}

/** The value of the Authorization field of some credentials without its scheme. */
export function tokenIn(all: ReadonlyMap<string, Fields>, name: string): string {
  return all.get(name)?.[0]?.[1].trim().split(' ').at(-1) ?? ''
}

/** Probes of some routes, each with every way to send credentials. */
export function probesOf(routes: readonly string[], all: ReadonlyMap<string, Fields>): readonly Probe[] {
  return routes.flatMap((path) =>
    [...all].map(([name, headers]) => ({
      name: `${path}: ${name}`,
      request: { path: name.endsWith('in the query') ? `${path}?access_token=x` : path, headers },
    })),
  )
}

/** Tokens that differ from a good one in one thing and that no verifier should accept. */
export function malformedProbes(path: string, token: string, key: TestKey): readonly Probe[] {
  return malformedTokens(token, key)
    .filter(({ carriedByHttp }) => carriedByHttp)
    .map(({ family, name, token: malformed }) => ({
      name: `${family}: ${name}`,
      request: { path, headers: [['authorization', `Bearer ${malformed}`]] },
    }))
}
