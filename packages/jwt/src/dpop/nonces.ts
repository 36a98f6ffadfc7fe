import { createHmac } from 'node:crypto'
import { isSameSecret, type Now, type RotatingSecrets, type SecretsOption, shownValue, Unavailable } from '@countersign/core'
import { decodeBase64url } from '../base64url.js'

/** Options of the nonces of one server. */
export interface DpopNonceOptions {
  /**
   * Secrets of 32 bytes or more. All processes of a server must have the same.
   */
  readonly secrets: SecretsOption
  /**
   * Whether a proof must contain a nonce. Otherwise a proof without a nonce is accepted by its `iat`, and a nonce is demanded where the
   * replay store cannot tell whether the proof was used. A proof with a nonce is judged by that alone. @defaultValue true
   */
  readonly required?: boolean
  /** How long a nonce is accepted, in seconds. @defaultValue 300 */
  readonly lifetimeSeconds?: number
}

/** Issues and reads nonces (RFC 9449 §8, §9). Nothing is stored: a nonce carries its time and a MAC. */
export interface DpopNonces {
  /** A nonce of now. */
  issue(): string
  /** How long ago a nonce was issued, in milliseconds; undefined for a text that this server did not issue. */
  ageMs(nonce: string): number | undefined
}

/** Milliseconds since 1970 in 6 bytes, and the first 16 bytes of the MAC: 128 bits, which nobody can guess. */
const [timeBytes, macBytes] = [6, 16]
const textLength = 30
const minSecretBytes = 32

function lengthOf(secret: unknown): number {
  return typeof secret === 'string' || secret instanceof Uint8Array ? Buffer.byteLength(secret) : 0
}

function check(secrets: RotatingSecrets | undefined): RotatingSecrets {
  if (typeof secrets?.current !== 'object' || secrets.current === null)
    throw new TypeError(`dpop: nonce.secrets.current must be { id, secret }, got ${shownValue(secrets?.current)}`)
  for (const { secret } of [secrets.current, ...(secrets.previous ?? [])]) {
    const length = lengthOf(secret)
    if (length < minSecretBytes) throw new TypeError(`dpop: nonce.secrets must each have ${minSecretBytes} bytes or more, got ${length}`)
  }
  return secrets
}

/** Under a label of its own: a host may use one secret for several purposes. */
function macOf(time: Uint8Array, secret: string | Uint8Array): Buffer {
  return createHmac('sha256', secret).update('countersign DPoP nonce\0').update(time).digest().subarray(0, macBytes)
}

/**
 * Nonces for DPoP proofs.
 *
 * @param secrets - the current one signs; nonces of previous ones are accepted
 * @param now - epoch milliseconds
 * @throws TypeError for a secret under 32 bytes. `issue` and `ageMs` throw `Unavailable` if a function for the secrets fails later
 */
export function createDpopNonces(secrets: SecretsOption, now: Now): DpopNonces {
  const given = typeof secrets === 'function' ? secrets : undefined
  const atStart = check(given === undefined ? (secrets as RotatingSecrets) : given())
  function current(): RotatingSecrets {
    if (given === undefined) return atStart
    try {
      return check(given())
    } catch (cause) {
      throw new Unavailable('key_source_unavailable', { cause })
    }
  }
  return {
    issue() {
      const time = Buffer.allocUnsafe(timeBytes)
      time.writeUIntBE(Math.floor(now()), 0, timeBytes)
      return Buffer.concat([time, macOf(time, current().current.secret)]).toString('base64url')
    },
    ageMs(nonce) {
      const bytes = nonce.length === textLength ? decodeBase64url(nonce) : undefined
      if (bytes === undefined) return undefined
      const [time, mac] = [bytes.subarray(0, timeBytes), bytes.subarray(timeBytes)]
      const { current: first, previous = [] } = current()
      const isOurs = [first, ...previous].some(({ secret }) => isSameSecret(mac, macOf(time, secret)))
      return isOurs ? now() - time.readUIntBE(0, timeBytes) : undefined
    },
  }
}
