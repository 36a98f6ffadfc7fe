import { createCipheriv, createDecipheriv, createPrivateKey, type DecipherGCM, type KeyObject, randomBytes } from 'node:crypto'
import { kind, type RotatingSecrets, type SecretsOption, secretsReader } from '@countersign/core'

/** Keeps private keys encrypted under key-encryption keys of the host's. */
export interface Envelope {
  /** @param kid - bound to the text: it opens for this key only */
  seal(privateKey: KeyObject, kid: string): string
  /** @throws Error if the key-encryption key is not there any more, or the text was changed */
  open(sealed: string, kid: string): KeyObject
  /** Id of the key-encryption key that is used now. */
  currentId(): string
  /** Whether a text is sealed under it. */
  isCurrent(sealed: string): boolean
}

interface EncryptionKey {
  readonly id: string
  readonly bytes: Buffer
}

const version = 'v1'
const cipherName = 'aes-256-gcm'
const tagBytes = 16

const bytesOf = (secret: string | Uint8Array): Buffer => (typeof secret === 'string' ? Buffer.from(secret, 'base64') : Buffer.from(secret))

/** A string must be base64 or base64url: a password is not a key. */
function isKey(secret: unknown): boolean {
  if (typeof secret !== 'string') return secret instanceof Uint8Array && secret.length === 32
  const bytes = bytesOf(secret)
  const encodings = [bytes.toString('base64'), bytes.toString('base64').replaceAll('=', ''), bytes.toString('base64url')]
  return bytes.length === 32 && encodings.includes(secret)
}

const rules = {
  id: kind.satisfying('a non-empty string without dots', (id) => typeof id === 'string' && id !== '' && !id.includes('.')),
  secret: kind.satisfying('32 bytes, or a string that is base64 of 32 bytes', isKey),
}

function encryptionKeys(secrets: RotatingSecrets): readonly [EncryptionKey, ...EncryptionKey[]] {
  const { current, previous = [] } = secrets
  const read = ({ id, secret }: RotatingSecrets['current']): EncryptionKey => ({ id, bytes: bytesOf(secret) })
  return [read(current), ...previous.map(read)]
}

/** Only these bytes say whether the rest is true. */
function lastBytes(decipher: DecipherGCM): Buffer {
  try {
    return decipher.final()
  } catch (cause) {
    throw new Error('a private key was sealed under another key-encryption key of this id, or was changed', { cause })
  }
}

const bound = (kid: string): Buffer => Buffer.from(`${version}.${kid}`)

/** Id of the key-encryption key that a text is sealed under. */
export const encryptionIdOf = (sealed: string): string | undefined => sealed.split('.')[1]

/**
 * AES-256-GCM under the current key; previous ones still open.
 *
 * @param option - a function is asked at every use
 * @throws TypeError if a key has not 32 bytes, its id has a dot or is there twice
 */
export function createEnvelope(option: SecretsOption): Envelope {
  const ask = secretsReader('createKeyRegistry', 'encryption', option, rules)
  return {
    seal(privateKey, kid) {
      const [{ id, bytes }] = encryptionKeys(ask())
      const iv = randomBytes(12)
      const cipher = createCipheriv(cipherName, bytes, iv, { authTagLength: tagBytes }).setAAD(bound(kid))
      const text = [cipher.update(privateKey.export({ format: 'der', type: 'pkcs8' })), cipher.final(), cipher.getAuthTag()]
      return [version, id, iv.toString('base64url'), Buffer.concat(text).toString('base64url')].join('.')
    },
    open(sealed, kid) {
      const [format, id, iv = '', text = ''] = sealed.split('.')
      const key = encryptionKeys(ask()).find((one) => one.id === id)
      if (format !== version || key === undefined) throw new Error('the key-encryption key of a private key is not there')
      const bytes = Buffer.from(text, 'base64url')
      const decipher = createDecipheriv(cipherName, key.bytes, Buffer.from(iv, 'base64url'), { authTagLength: tagBytes })
      decipher.setAAD(bound(kid)).setAuthTag(bytes.subarray(-tagBytes))
      const start = decipher.update(bytes.subarray(0, -tagBytes))
      return createPrivateKey({ key: Buffer.concat([start, lastBytes(decipher)]), format: 'der', type: 'pkcs8' })
    },
    currentId: () => encryptionKeys(ask())[0].id,
    isCurrent: (sealed) => sealed.startsWith(`${version}.${encryptionKeys(ask())[0].id}.`),
  }
}
