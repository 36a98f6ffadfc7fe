import { createHash } from 'node:crypto'

/** The parts of a key that was sent. */
interface ApiKeyParts {
  readonly id: string
  readonly secret: string
}

const idBytes = 12
const secretBytes = 32
const checksumLength = 8

/** Makes and reads keys of one prefix. */
export interface ApiKeyFormat {
  /** A new key: the prefix, 96 bits that name it, 256 bits that are secret, and a checksum by which scanners know that it is one. */
  make(): ApiKeyParts & { readonly key: string }
  /** Undefined for a string of another form, or with a wrong checksum. */
  read(key: string): ApiKeyParts | undefined
}

const checksumOf = (body: string): string => createHash('sha256').update(body).digest('hex').slice(0, checksumLength)
const isHex = (text: string): boolean => /^[0-9a-f]{1,128}$/.test(text)

/** @param random - as `randomBytes` of `node:crypto` */
export function createApiKeyFormat(prefix: string, random: (size: number) => Buffer): ApiKeyFormat {
  const idEnd = prefix.length + 2 * idBytes
  const secretEnd = idEnd + 1 + 2 * secretBytes
  return {
    make() {
      const id = random(idBytes).toString('hex')
      const secret = random(secretBytes).toString('hex')
      const body = `${prefix}${id}_${secret}`
      return { id, secret, key: body + checksumOf(body) }
    },
    read(key) {
      if (key.length !== secretEnd + checksumLength || !key.startsWith(prefix) || key[idEnd] !== '_') return undefined
      const [id, secret] = [key.slice(prefix.length, idEnd), key.slice(idEnd + 1, secretEnd)]
      if (!isHex(id) || !isHex(secret) || key.slice(secretEnd) !== checksumOf(key.slice(0, secretEnd))) return undefined
      return { id, secret }
    },
  }
}
