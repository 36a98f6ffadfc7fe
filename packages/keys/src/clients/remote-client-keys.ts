import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { createRefreshingKeys, documentUrl, loadJwks, type RemoteOptions, refreshTimes, remoteShape, shownUrl } from '@countersign/jwt/jwks'
import { type ClientSourceOptions, clientSourceShape, createClientKeySources, type RemoteClientKeys } from './client-key-sources.js'

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

const shape: OptionShape<RemoteClientKeysOptions> = {
  jwksUri: kind.required(kind.func),
  allowedOrigins: kind.required(kind.listOf(kind.string)),
  ...clientSourceShape,
  ...remoteShape,
}

function originsOf(origins: readonly string[], allowInsecure: boolean): ReadonlySet<string> {
  return new Set(
    origins.map((text: string, at) => {
      const path = `remoteClientKeys: allowedOrigins[${at}]`
      const { origin, href } = documentUrl(path, text, allowInsecure)
      if (href !== `${origin}/`) throw new TypeError(`${path} must be an origin without a path, got ${shownUrl(text)}`)
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
  checkOptions('remoteClientKeys', options, shape)
  const { jwksUri, allowInsecure = false } = options
  const origins = originsOf(options.allowedOrigins, allowInsecure)
  const times = refreshTimes('remoteClientKeys', options)
  return createClientKeySources(options, async (clientId) => {
    const registered = await jwksUri(clientId)
    if (registered === undefined) return undefined
    const url = documentUrl('remoteClientKeys: the jwks_uri of the client', registered, allowInsecure)
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
