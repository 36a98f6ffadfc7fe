import { type FakeIssuer, type SentRequest, testKeys } from '@countersign/testkit'
import type { Probe } from './probe.js'
import { credentials, malformedProbes, probesOf, tokenIn } from './tokens.js'

/** Every probe of the app, by the answers of which apps with the old package and ours are compared. */
export interface ExpressJwtProbes {
  /** For one error handler: several hundred tokens that no verifier should accept. */
  readonly malformed: readonly Probe[]
  /** For every error handler. */
  readonly usual: readonly Probe[]
}

const requests = (list: readonly SentRequest[]): readonly Probe[] =>
  list.map((request) => {
    const fields = request.headers.map(([name, value]) => `${name}: ${value.slice(0, 40)}`)
    return { name: [`${request.method ?? 'GET'} ${request.path.slice(0, 40)}`, ...fields].join(', '), request }
  })

/** Paths of the routes that are left out in part, each without a token. */
const leftOut: readonly (readonly [path: string, method?: string])[] = [
  ['/path/open'],
  ['/path/open?x=1'],
  ['/path/open/'],
  ['/path/opened'],
  ['/path/OPEN'],
  ['/path/%6fpen'],
  ['/path//open'],
  ['//path/open'],
  ['/path/x/../open'],
  ['/path/open', 'POST'],
  ['http://other.example/path/open'],
  ['/paths/open'],
  ['/paths/public/12'],
  ['/paths/public/12a'],
  ['/paths/one'],
  ['/paths/one', 'POST'],
  ['/paths/two', 'PUT'],
  ['/paths/two/more', 'POST'],
  ['/paths/two', 'GET'],
  ['/global/open'],
  ['/ext/style.css'],
  ['/ext/notes.txt?v=2'],
  ['/ext/style.css/'],
  ['/ext/page.html?x=.css'],
  ['/method/any'],
  ['/method/any', 'POST'],
  ['/method/any', 'OPTIONS'],
  ['/method/any', 'HEAD'],
  ['/custom/any?open=yes'],
  ['/custom/any?open=no'],
  ['/later/any?open=yes'],
  ['/later/any?open=no'],
  ['/short/open'],
  ['/short/closed'],
]

const preflights: readonly string[] = ['authorization', 'Authorization', 'content-type, Authorization', 'x-authorization', '']

/** Makes the probes with tokens of an issuer. */
export async function expressJwtProbes(issuer: FakeIssuer): Promise<ExpressJwtProbes> {
  const all = await credentials(issuer)
  const good = tokenIn(all, 'a good token')
  const bearer = [['authorization', `Bearer ${good}`]] as const
  const tokens = ['a good token', 'a token that expired', 'a token for another audience', 'a token that another key signed'].map(
    (name) => [name, tokenIn(all, name)] as const,
  )
  const inQueries = ['/query', '/query-optional', '/anywhere', '/later-token'].flatMap((path): readonly Probe[] => [
    ...tokens.map(([name, token]) => ({
      name: `${path}: ${name}, in the query`,
      request: { path: `${path}?token=${token}`, headers: [] },
    })),
    { name: `${path}: no token`, request: { path, headers: [] } },
    { name: `${path}: an empty token`, request: { path: `${path}?token=`, headers: [] } },
    { name: `${path}: not a JWT`, request: { path: `${path}?token=x.y`, headers: [] } },
    {
      name: `${path}: a token with a blank in it`,
      request: { path: `${path}?token=${good.slice(0, 20)}%20${good.slice(20)}`, headers: [] },
    },
    { name: `${path}: a token and a blank`, request: { path: `${path}?token=${good}%20`, headers: [] } },
    { name: `${path}: two tokens in a list`, request: { path: `${path}?token=${good}&token=${good}`, headers: [] } },
    { name: `${path}: the field alone`, request: { path, headers: bearer } },
    { name: `${path}: the field, and a bad token`, request: { path: `${path}?token=x`, headers: bearer } },
    { name: `${path}: a token, and access_token`, request: { path: `${path}?token=${good}&access_token=x`, headers: [] } },
  ])
  return {
    malformed: malformedProbes('/required', good, testKeys.rs256),
    usual: [
      ...probesOf(['/required', '/optional', '/property', '/nested', '/write'], all),
      { name: 'claims that an earlier request wrote to', request: { path: '/required', headers: bearer } },
      ...requests(
        preflights.map((value) => ({ method: 'OPTIONS', path: '/preflight', headers: [['access-control-request-headers', value]] })),
      ),
      ...requests([{ method: 'OPTIONS', path: '/preflight', headers: [] }]),
      ...requests([{ method: 'POST', path: '/preflight', headers: [['access-control-request-headers', 'authorization']] }]),
      ...inQueries,
      ...requests([{ path: '/broken', headers: [] }]),
      ...requests(leftOut.map(([path, method = 'GET']) => ({ method, path, headers: [] }))),
      ...requests([{ path: '/paths/closed', headers: bearer }]),
    ],
  }
}
