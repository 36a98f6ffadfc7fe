import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { checkOptions, kind, type Now, type OptionShape, wallClock } from '@countersign/core'
import { keyKind } from '../tokens/key-shape.js'
import { type TestKey, testKeys } from '../tokens/test-keys.js'
import { type TokenOptions, tokenFactory } from '../tokens/token-factory.js'
import { answer, type Behaviour, type Caching } from './issuer-behaviour.js'
import { startLoopbackServer } from './loopback-server.js'

/** The endpoints of a fake issuer. */
export type IssuerEndpoint = 'jwks' | 'discovery'

/** Options of {@link createFakeIssuer}. */
export interface FakeIssuerOptions {
  /** Keys that it publishes. The first one signs. @defaultValue `testKeys.es256` and `testKeys.rs256` */
  readonly keys?: readonly TestKey[]
  /** Path of the issuer, for instance `/realms/a`. @defaultValue none */
  readonly path?: string
  /** What stands in `iss`. @defaultValue the URL and path of the server */
  readonly issuer?: string
  /** Path of the JWKS. @defaultValue `<path>/.well-known/jwks.json` */
  readonly jwksPath?: string
  /** `aud` of the tokens. @defaultValue none */
  readonly audience?: string | readonly string[]
  /** Members to replace in every published JWK; `{ alg: undefined }` leaves `alg` out, as some issuers do. */
  readonly jwkMembers?: Readonly<Record<string, unknown>>
  /** Members to add to the discovery document or to replace there. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Answers requests for anything but the documents. @defaultValue 404 */
  readonly otherwise?: RequestListener
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/** An issuer with a real HTTP server on loopback, and with bad manners on demand. */
export interface FakeIssuer {
  /** Where the server is, without the issuer's path. */
  readonly url: string
  /** What stands in `iss`. */
  readonly issuer: string
  readonly jwksUrl: string
  readonly audience: string | readonly string[] | undefined
  /** Its clock, epoch milliseconds. */
  readonly now: Now
  /** Keys that are published now. */
  readonly keys: readonly TestKey[]
  /** The number of requests for each document since the start. */
  readonly fetches: Readonly<Record<IssuerEndpoint, number>>
  /** Every request, in order. */
  readonly requests: readonly { readonly url: string; readonly headers: IncomingHttpHeaders }[]
  addKey(key: TestKey): void
  removeKey(kid: string): void
  /** Publishes `key` in the place of the key of that kid; give it the same kid to change the material under the name. */
  replaceKey(kid: string, key: TestKey): void
  /** Publishes members beside the keys, exactly as given: a secret, a private key, something broken. */
  publish(...members: readonly unknown[]): void
  /** Misbehaves until told otherwise; undefined is good manners again. */
  behave(behaviour: Behaviour | undefined, endpoint?: IssuerEndpoint): void
  cache(caching: Caching, endpoint?: IssuerEndpoint): void
  token(options?: TokenOptions): Promise<string>
  /** Goes down: connections are closed, and new ones refused. */
  stop(): Promise<void>
  /** Comes back on the same port. */
  restart(): Promise<void>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const shape: OptionShape<FakeIssuerOptions> = {
  keys: kind.listOf(keyKind, 0),
  path: kind.satisfying('a string', (value) => typeof value === 'string'),
  issuer: kind.string,
  jwksPath: kind.string,
  audience: kind.strings,
  jwkMembers: kind.record,
  metadata: kind.record,
  otherwise: kind.func,
  now: kind.func,
}

/** Starts a fake issuer that serves `/.well-known/openid-configuration`, `/.well-known/oauth-authorization-server` and a JWKS. */
export async function createFakeIssuer(options: FakeIssuerOptions = {}): Promise<FakeIssuer> {
  checkOptions('createFakeIssuer', options, shape)
  const path = options.path ?? ''
  if (path !== '' && !/^\/.*[^/]$/.test(path))
    throw new TypeError('createFakeIssuer: path must begin with a slash and must not end with one')
  const now = options.now ?? wallClock
  const jwksPath = options.jwksPath ?? `${path}/.well-known/jwks.json`
  const keys: TestKey[] = [...(options.keys ?? [testKeys.es256, testKeys.rs256])]
  const published: unknown[] = []
  const fetches = { jwks: 0, discovery: 0 }
  const requests: { url: string; headers: IncomingHttpHeaders }[] = []
  const behaviours: Partial<Record<IssuerEndpoint, Behaviour | undefined>> = {}
  const caching: Partial<Record<IssuerEndpoint, Caching>> = {}

  const server = await startLoopbackServer(serve)
  const issuer = options.issuer ?? `${server.url}${path}`
  const jwksUrl = `${server.url}${jwksPath}`
  const { audience, jwkMembers } = options
  const factory = tokenFactory({ issuer, keys, now, ...(audience !== undefined && { audience }), ...(jwkMembers && { jwkMembers }) })

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? ''
    requests.push({ url, headers: request.headers })
    const endpoint = endpointAt(url.split('?', 1)[0] ?? '', path, jwksPath)
    if (endpoint === undefined || request.method !== 'GET') {
      if (options.otherwise) options.otherwise(request, response)
      else response.writeHead(404).end()
      return
    }
    fetches[endpoint] += 1
    const body =
      endpoint === 'jwks' ? { keys: [...factory.jwks().keys, ...published] } : discoveryDocument(issuer, jwksUrl, keys, options.metadata)
    const contentType = endpoint === 'jwks' ? 'application/jwk-set+json' : 'application/json'
    answer(request, response, { body, contentType, caching: caching[endpoint] ?? {} }, behaviours[endpoint])
  }

  return {
    url: server.url,
    issuer,
    jwksUrl,
    audience: options.audience,
    now,
    keys,
    fetches,
    requests,
    addKey: (key) => void keys.push(key),
    removeKey: (kid) => void keys.splice(0, keys.length, ...keys.filter((key) => key.kid !== kid)),
    replaceKey: (kid, key) => void keys.splice(0, keys.length, ...keys.map((old) => (old.kid === kid ? key : old))),
    publish: (...members) => void published.splice(0, published.length, ...members),
    behave(behaviour, endpoint = 'jwks') {
      behaviours[endpoint] = behaviour
    },
    cache(value, endpoint = 'jwks') {
      caching[endpoint] = value
    },
    token: factory.token,
    stop: server.stop,
    restart: server.restart,
    close: server.stop,
    [Symbol.asyncDispose]: server.stop,
  }
}

function endpointAt(path: string, issuerPath: string, jwksPath: string): IssuerEndpoint | undefined {
  if (path === jwksPath) return 'jwks'
  const wellKnown = '/.well-known/'
  const places = [
    `${issuerPath}${wellKnown}openid-configuration`,
    `${issuerPath}${wellKnown}oauth-authorization-server`,
    // RFC 8414 §3.1 puts the well-known part before the issuer's path.
    `${wellKnown}oauth-authorization-server${issuerPath}`,
  ]
  return places.includes(path) ? 'discovery' : undefined
}

function discoveryDocument(
  issuer: string,
  jwksUrl: string,
  keys: readonly TestKey[],
  metadata: Readonly<Record<string, unknown>> | undefined,
): object {
  return {
    issuer,
    jwks_uri: jwksUrl,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map((key) => key.alg))],
    ...metadata,
  }
}
