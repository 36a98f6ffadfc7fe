/** Bytes of a secret; 0 for what is none, such as a variable of the environment that is not set. */
export function secretLength(secret: unknown): number {
  return typeof secret === 'string' || secret instanceof Uint8Array ? Buffer.byteLength(secret) : 0
}
