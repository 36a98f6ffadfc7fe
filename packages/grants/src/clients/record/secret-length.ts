/** A secret that is shorter could be guessed. */
const minBytes = 32

/** Bytes of a secret; 0 for what is none, such as a variable of the environment that is not set. */
function secretLength(secret: unknown): number {
  return typeof secret === 'string' || secret instanceof Uint8Array ? Buffer.byteLength(secret) : 0
}

/**
 * @param subject - what the message begins with; nothing of the secret but its length is in it
 * @throws TypeError for a secret under 32 bytes
 */
export function requireSecretLength(subject: string, secret: unknown): void {
  const length = secretLength(secret)
  if (length < minBytes)
    throw new TypeError(`${subject} must have ${minBytes} bytes or more, got ${length === 1 ? '1 byte' : `${length} bytes`}`)
}
