import { createHmac, randomBytes } from 'node:crypto'
import { lengthPrefixed } from '@countersign/core'

type Secret = string | Uint8Array

/** Those of `createCognito` that it needs. */
interface RecognitionOptions {
  readonly clientId: string
  readonly clientSecret?: string | (() => string) | undefined
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
 * @throws TypeError for a `recognitionSecret` that is too short
 */
export function createRecognition({ clientId, clientSecret, recognitionSecret: given }: RecognitionOptions): (password: string) => string {
  const own = randomBytes(minBytes)
  const ofClient = typeof clientSecret === 'function' ? clientSecret : () => clientSecret
  const ofHost = typeof given === 'function' ? () => checked(given()) : given === undefined ? () => ofClient() ?? own : () => given
  if (given !== undefined && typeof given !== 'function') checked(given)
  return (password) =>
    createHmac('sha256', ofHost())
      .update(`countersign recognised sign-in:${lengthPrefixed(clientId)}${password}`)
      .digest('base64url')
}
