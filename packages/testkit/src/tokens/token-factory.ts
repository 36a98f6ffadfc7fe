import { randomUUID } from 'node:crypto'
import { type AsymmetricAlgorithm, checkOptions, kind, type Now, type OptionShape, wallClock } from '@countersign/core'
import { keyKind } from './key-shape.js'
import { signToken } from './signed-token.js'
import { publicJwkOf, type TestKey } from './test-keys.js'

/** Options of {@link tokenFactory}. */
export interface TokenFactoryOptions {
  /** `iss` of the tokens. */
  readonly issuer: string
  /** Keys that are trusted. The first one signs. The list may change. */
  readonly keys: readonly TestKey[]
  /** `aud` of the tokens. @defaultValue none */
  readonly audience?: string | readonly string[]
  /** Members to replace in every published JWK; `{ alg: undefined }` leaves `alg` out, as some issuers do. */
  readonly jwkMembers?: Readonly<Record<string, unknown>>
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/** What a token may differ in. An undefined claim or header member is left out. */
export interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Signs, published or not. @defaultValue the published key of `kid` or `alg`, else the first */
  readonly key?: TestKey
  readonly alg?: AsymmetricAlgorithm
  /** Goes into the header even if no such key is published. */
  readonly kid?: string
  /** @defaultValue 300 */
  readonly lifetimeSeconds?: number
}

/** Makes valid tokens, and others on demand, without a server. */
export interface TokenFactory {
  token(options?: TokenOptions): Promise<string>
  /** The JWK Set (RFC 7517 §5) that verifies them. */
  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] }
}

const shape: OptionShape<TokenFactoryOptions> = {
  issuer: kind.required(kind.string),
  keys: kind.required(kind.listOf(keyKind, 0)),
  audience: kind.strings,
  jwkMembers: kind.record,
  now: kind.func,
}

/**
 * Makes tokens of one issuer: `sub` user-1, a fresh `jti`, five minutes to live.
 *
 * @throws TypeError for an option that is unknown or wrong
 */
export function tokenFactory(options: TokenFactoryOptions): TokenFactory {
  checkOptions('tokenFactory', options, shape)
  return {
    token: (wanted = {}) => issueToken(wanted, options),
    jwks: () => ({ keys: options.keys.map((key) => publicJwkOf(key, options.jwkMembers)) }),
  }
}

async function issueToken(wanted: TokenOptions, { keys, issuer, audience, now = wallClock }: TokenFactoryOptions): Promise<string> {
  const key =
    wanted.key ?? keys.find(({ kid }) => kid === wanted.kid) ?? keys.find(({ alg }) => alg === (wanted.alg ?? keys[0]?.alg)) ?? keys[0]
  if (!key) throw new TypeError('createTokenFactory: key must be given, got undefined')
  const nowSeconds = Math.floor(now() / 1000)
  const claims = {
    iss: issuer,
    sub: 'user-1',
    aud: audience,
    iat: nowSeconds,
    exp: nowSeconds + (wanted.lifetimeSeconds ?? 300),
    jti: randomUUID(),
    ...wanted.claims,
  }
  const header = { kid: wanted.kid ?? key.kid, ...(wanted.alg !== undefined && { alg: wanted.alg }), ...wanted.header }
  return signToken({ claims, key, header })
}
