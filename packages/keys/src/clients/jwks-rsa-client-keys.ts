import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { createRefreshingKeys, type LoadedKeys, type RefreshOptions, refreshShape, refreshTimes } from '@countersign/jwt/jwks'
import { type ClientSourceOptions, clientSourceShape, createClientKeySources, type RemoteClientKeys } from './client-key-sources.js'

/** The part of a `jwks-rsa` client that is called. */
export interface JwksRsaClient {
  getKeys(): Promise<unknown>
}

/** Options of {@link jwksRsaClientKeys}. */
export interface JwksRsaClientKeysOptions extends ClientSourceOptions, RefreshOptions {
  /** The `jwks-rsa` client that the host has for a client of ours; the same object every time. Undefined for a client that has none. */
  readonly jwksClient: (clientId: string) => JwksRsaClient | undefined | Promise<JwksRsaClient | undefined>
}

const shape: OptionShape<JwksRsaClientKeysOptions> = { jwksClient: kind.required(kind.func), ...clientSourceShape, ...refreshShape }

/**
 * Keys of clients that existing `jwks-rsa` clients fetch: their URLs, proxies and agents serve; caching and limits are ours.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function jwksRsaClientKeys(options: JwksRsaClientKeysOptions): RemoteClientKeys {
  checkOptions('jwksRsaClientKeys', options, shape)
  const { jwksClient } = options
  const times = refreshTimes('jwksRsaClientKeys', options)
  return createClientKeySources(options, async (clientId) => {
    const client = await jwksClient(clientId)
    if (client === undefined) return undefined
    const load = async (): Promise<LoadedKeys> => {
      const document = { keys: await client.getKeys() }
      return { document, fingerprint: JSON.stringify(document), freshSeconds: undefined }
    }
    return { place: client, open: (context) => createRefreshingKeys(load, times, context) }
  })
}
