import { createCipheriv, createDecipheriv, createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import type { RotatingSecrets, SecretsOption } from '@countersign/core'

/** Keeps private keys encrypted under key-encryption keys of the host's. */
export interface Envelope {
  /** @param kid - bound to the text: it opens for this key only */
  seal(privateKey: KeyObject, kid: string): string
  /** @throws Error if the key-encryption key is not there any more, or the text was changed */
  open(sealed: string, kid: string): KeyObject
}

const version = 'v1'

function keyBytes(secret: string | Uint8Array): Buffer {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64') : Buffer.from(secret)
  if (bytes.length !== 32) throw new TypeError('a key-encryption key has 32 bytes; text is base64')
  return bytes
}

/**
 * AES-256-GCM under the current key; previous ones still open.
 *
 * @throws TypeError if a key has not 32 bytes or its id has a dot
 */
export function createEnvelope(option: SecretsOption): Envelope {
  const ask = typeof option === 'function' ? option : (): RotatingSecrets => option
  const all = (): readonly { readonly id: string; readonly bytes: Buffer }[] => {
    const { current, previous = [] } = ask()
    return [current, ...previous].map(({ id, secret }) => {
      if (id === '' || id.includes('.')) throw new TypeError('the id of a key-encryption key is not empty and has no dot')
      return { id, bytes: keyBytes(secret) }
    })
  }
  all()
  return {
    seal(privateKey, kid) {
      const [current] = all()
      if (current === undefined) throw new TypeError('there is no key-encryption key')
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', current.bytes, iv, { authTagLength: 16 }).setAAD(Buffer.from(`${version}.${kid}`))
      const text = Buffer.concat([cipher.update(privateKey.export({ format: 'der', type: 'pkcs8' })), cipher.final(), cipher.getAuthTag()])
      return [version, current.id, iv.toString('base64url'), text.toString('base64url')].join('.')
    },
    open(sealed, kid) {
      const [format, id, iv = '', text = ''] = sealed.split('.')
      const key = all().find((one) => one.id === id)
      if (format !== version || key === undefined) throw new Error('the key-encryption key of a private key is not there')
      const bytes = Buffer.from(text, 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, Buffer.from(iv, 'base64url'), { authTagLength: 16 }).setAAD(
        Buffer.from(`${version}.${kid}`),
      )
      decipher.setAuthTag(bytes.subarray(-16))
      const der = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()])
      return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    },
  }
}
