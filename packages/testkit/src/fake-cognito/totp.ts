import { createHmac } from 'node:crypto'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The bytes of a base32 text (RFC 4648 §6); case, spaces and padding do not matter. */
function decodeBase32(text: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const character of text.toUpperCase().replaceAll(/[\s=]/g, '')) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) throw new TypeError('the TOTP secret must be base32')
    value = ((value << 5) | digit) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((value >> bits) & 0xff)
    }
  }
  return Buffer.from(bytes)
}

/** The number of the 30-second step. */
export function totpStep(epochMs: number): number {
  return Math.floor(epochMs / 30_000)
}

/** The code of a step (RFC 4226 §5.3). */
export function totpOfStep(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', decodeBase32(secret)).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 0xf
  const number = (mac.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000
  return String(number).padStart(6, '0')
}

/**
 * The six digits that an authenticator app shows (RFC 6238, SHA-1, 30 seconds).
 *
 * @param secret - base32
 * @param epochMs - epoch milliseconds
 */
export function totpCode(secret: string, epochMs: number): string {
  return totpOfStep(secret, totpStep(epochMs))
}
