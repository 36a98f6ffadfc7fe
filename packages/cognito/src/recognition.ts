import { createHmac, randomBytes } from 'node:crypto'
import { asUnavailable, lengthPrefixed } from '@countersign/core'
import type { ClientSecret } from './client-secret.js'

type Secret = string | Uint8Array

/** Those of `createCognito` that it needs. */
interface RecognitionOptions {
  readonly clientId: string
  readonly clientSecret: Pick<ClientSecret, 'plain'>
  readonly recognitionSecret?: Secret | (() => Secret) | undefined
}

const minBytes = 32

/** A secret of the host's. @throws TypeError for one that could be guessed */
function checked(secret: Secret): Secret {
  const bytes = typeof secret === 'string' || secret instanceof Uint8Array ? Buffer.byteLength(secret) : 0
  if (bytes < minBytes)
    throw new TypeError(
      `createCognito: recognitionSecret must be a string or bytes, ${minBytes} bytes or more, got ${bytes === 1 ? '1 byte' : `${bytes} bytes`}`,
    )
  return secret
}

/**
 * A digest of a password under a key that is in no store: nobody learns from it more than that two sign-ins had one password.
 *
 * @throws TypeError for a `recognitionSecret` that is too short. The function throws `Unavailable` where a function of the host fails
 */
export function createRecognition({ clientId, clientSecret, recognitionSecret: given }: RecognitionOptions): (password: string) => string {
  const own = randomBytes(minBytes)
  function asked(read: () => Secret): Secret {
    try {
      return checked(read())
    } catch (cause) {
      throw asUnavailable(cause, 'key_source_unavailable')
    }
  }
  const ofHost = typeof given === 'function' ? () => asked(given) : given === undefined ? () => clientSecret.plain() ?? own : () => given
  if (given !== undefined && typeof given !== 'function') checked(given)
  return (password) =>
    createHmac('sha256', ofHost())
      .update(`countersign recognised sign-in:${lengthPrefixed(clientId)}${password}`)
      .digest('base64url')
}
