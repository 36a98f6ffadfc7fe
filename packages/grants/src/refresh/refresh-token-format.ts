import { createHmac } from 'node:crypto'
import { isSameSecret, kind, longSecret, type SecretsOption, secretsReader } from '@countersign/core'

/** The contents of a refresh token: family id and generation number. */
export interface RefreshTokenParts {
  readonly family: string
  readonly generation: number
}

/** Writes and reads refresh tokens `r1.<key id>.<family>.<generation>.<HMAC>`. */
export interface RefreshTokenText {
  /** The same parts give the same token, so that a lost answer can be given again. */
  write(parts: RefreshTokenParts): string
  /** Undefined for everything that we did not write. Nothing is asked of a store. */
  read(text: string): RefreshTokenParts | undefined
}

const keyId = kind.satisfying('1 to 64 letters, digits, _ and -', (id) => typeof id === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(id))

/** The MAC covers the key id and everything else as it is written, under a label of its own. */
const macOf = (signed: string, secret: string | Uint8Array): Buffer =>
  createHmac('sha256', secret).update(`countersign refresh token\0${signed}`).digest()

/** Digits without leading zeros, so that a token has one spelling. */
const isGeneration = (text: string): boolean => /^(?:0|[1-9]\d{0,14})$/.test(text)

/**
 * @param factory - what messages begin with
 * @param option - the name of the option
 * @throws TypeError for secrets that are too short or share an id. Both methods throw `Unavailable` if a function for the secrets fails later
 */
export function createRefreshTokenText(factory: string, option: string, secrets: SecretsOption): RefreshTokenText {
  const ask = secretsReader(factory, option, secrets, { id: keyId, secret: longSecret })
  return {
    write({ family, generation }) {
      const { current } = ask()
      const signed = `r1.${current.id}.${family}.${generation}`
      return `${signed}.${macOf(signed, current.secret).toString('base64url')}`
    },
    read(text) {
      const [version, secretId, family = '', generation = '', mac = '', ...rest] = text.length > 512 ? [] : text.split('.')
      if (version !== 'r1' || rest.length > 0) return undefined
      const { current, previous = [] } = ask()
      const secret = [current, ...previous].find(({ id }) => id === secretId)
      const presented = Buffer.from(mac, 'base64url')
      // One spelling only: Node's decoder skips what it does not know.
      if (secret === undefined || presented.length !== 32 || presented.toString('base64url') !== mac) return undefined
      const expected = macOf(`r1.${secretId}.${family}.${generation}`, secret.secret)
      if (!isSameSecret(presented, expected) || !isGeneration(generation)) return undefined
      return { family, generation: Number(generation) }
    },
  }
}
