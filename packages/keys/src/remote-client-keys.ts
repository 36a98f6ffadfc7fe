import { createRefreshingKeys, documentUrl, loadJwks, type RemoteOptions, refreshTimes } from '@countersign/jwt/jwks'
import { type ClientSourceOptions, createClientKeySources, type RemoteClientKeys } from './client-key-sources.js'

/** Options of {@link remoteClientKeys}. */
export interface RemoteClientKeysOptions extends ClientSourceOptions, RemoteOptions {
  /** The URL of the JWK Set that a client registered; undefined for a client that has none. */
  readonly jwksUri: (clientId: string) => string | URL | undefined | Promise<string | URL | undefined>
  /**
   * Origins where such URLs may lead, compared exactly, for instance `https://ehr.example`. A URL that a client may choose
   * freely would let it send us into our own network.
   */
  readonly allowedOrigins: readonly string[]
}

function originsOf(origins: readonly string[], allowInsecure: boolean): ReadonlySet<string> {
  if (!Array.isArray(origins) || origins.length === 0) throw new TypeError('remoteClientKeys: allowedOrigins names at least one')
  return new Set(
    origins.map((text: string) => {
      const { origin, href } = documentUrl(text, allowInsecure)
      if (href !== `${origin}/`) throw new TypeError(`remoteClientKeys: ${text} is more than an origin`)
      return origin
    }),
  )
}

/**
 * Keys that clients publish as a JWK Set at a URL of their own, as SMART Backend Services do. Caching and limits are those of the
 * JWK Sets of issuers, for each client.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function remoteClientKeys(options: RemoteClientKeysOptions): RemoteClientKeys {
  const { jwksUri, allowInsecure = false } = options
  if (typeof jwksUri !== 'function') throw new TypeError('remoteClientKeys: jwksUri is a function')
  const origins = originsOf(options.allowedOrigins, allowInsecure)
  const times = refreshTimes('remoteClientKeys', options)
  return createClientKeySources('remoteClientKeys', options, async (clientId) => {
    const registered = await jwksUri(clientId)
    if (registered === undefined) return undefined
    const url = documentUrl(registered, allowInsecure)
    if (!origins.has(url.origin)) throw new Error(`the keys of a client are at ${url.origin}, which is not allowed`)
    return {
      place: url.href,
      open: (context) =>
        createRefreshingKeys(
          loadJwks(async () => url, options, context),
          times,
          context,
        ),
    }
  })
}
