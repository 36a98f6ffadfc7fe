import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** Texts that hold what they stand for, and that nobody reads but pools of one secret. */
export interface FakeSeal {
  seal(label: string, content: object): string
  /** Undefined for a text that none of them made, or under another label. */
  open(label: string, text: string): unknown
}

const [ivBytes, tagBytes] = [12, 16]

/** Makes a seal. @param secret - @defaultValue a fresh one */
export function createFakeSeal(secret: string | Uint8Array = randomBytes(32)): FakeSeal {
  const key = createHash('sha256').update(secret).digest()
  return {
    seal(label, content) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(label))
      const sealed = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    open(label, text) {
      const bytes = Buffer.from(text, 'base64url')
      if (bytes.toString('base64url') !== text) return undefined
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
        decipher.setAAD(Buffer.from(label)).setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
        return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString())
      } catch {
        return undefined
      }
    },
  }
}
