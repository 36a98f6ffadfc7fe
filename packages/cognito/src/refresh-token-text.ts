import { isSameSecret } from '@countersign/core'
import type { ClientSecret } from './client-secret.js'

/** A refresh token as clients get it. */
export interface RefreshTokenText {
  accepts(text: string): boolean
  write(token: string, username: string): string
  /** Undefined for a token that is not ours. */
  read(text: string): { readonly token: string; readonly username: string | undefined } | undefined
}

const maxLength = 16_384

/** JWEs that only Cognito reads. */
const jwe = /^eyJ[\w-]*(?:\.[\w-]*){4}$/
/** What emulators give. */
const jwt = /^eyJ[\w-]*(?:\.[\w-]*){2}$/

const plain = (takesJwts: boolean): RefreshTokenText => ({
  accepts: (text) => text.length <= maxLength && (jwe.test(text) || (takesJwts && jwt.test(text))),
  write: (token) => token,
  read: (token) => ({ token, username: undefined }),
})

const mark = 'c1.'
const wrapped = /^c1\.([\w-]+)\.([\w-]{43})\.(.+)$/s

/**
 * Beside an app client's secret, `REFRESH_TOKEN_AUTH` wants the user's name, which the token does not tell: it goes with the
 * token, under a MAC. Without one a changed name would look like a wrong secret, which is a fault of ours.
 */
function named(secret: ClientSecret): RefreshTokenText {
  const macOf = (name: string, token: string): string => secret.mac('refresh token', name, token).toString('base64url')
  return {
    accepts: (text) => text.length <= maxLength && text.startsWith(mark),
    write(token, username) {
      const name = Buffer.from(username).toString('base64url')
      return `${mark}${name}.${macOf(name, token)}.${token}`
    },
    read(text) {
      const [, name = '', mac = '', token = ''] = wrapped.exec(text) ?? []
      // As texts: several of them decode to the same bytes.
      if (token === '' || !isSameSecret(Buffer.from(mac), Buffer.from(macOf(name, token)))) return undefined
      return { token, username: Buffer.from(name, 'base64url').toString() }
    },
  }
}

/**
 * @param how - `needsName`: the call that refreshes needs the user's name; `takesJwts`: this is an emulator. Elsewhere a JWT is an
 * access token that somebody mistook, and goes nowhere.
 */
export function createRefreshTokenText(
  secret: ClientSecret,
  { needsName, takesJwts }: { readonly needsName: boolean; readonly takesJwts: boolean },
): RefreshTokenText {
  return needsName ? named(secret) : plain(takesJwts)
}
