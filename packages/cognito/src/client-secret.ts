import { createHmac } from 'node:crypto'
import { asUnavailable, lengthPrefixed, shownValue } from '@countersign/core'

/** What an app client with a secret proves its calls with. */
export interface ClientSecret {
  /** The secret as it is now; undefined for an app client without one. */
  plain(): string | undefined
  /** `SECRET_HASH` for a user name, or nothing for an app client without a secret. */
  hashFor(username: string): { readonly SECRET_HASH?: string }
  /** MAC over texts of ours, never over what Cognito hashes. */
  mac(...parts: readonly string[]): Buffer
}

/** The secret of now. @throws `Unavailable` if the function of the host fails or returns something else: an outage, and no fault of a person */
function asked(read: () => string): string {
  try {
    const secret: unknown = read()
    if (typeof secret === 'string' && secret !== '') return secret
    throw new TypeError(
      `createCognito: clientSecret must return a non-empty string, got ${secret === '' ? 'an empty string' : shownValue(typeof secret)}`,
    )
  } catch (cause) {
    throw asUnavailable(cause, 'key_source_unavailable')
  }
}

/** What an app client proves its calls with, by options that were checked. */
export function createClientSecret(clientId: string, option: string | (() => string) | undefined): ClientSecret {
  const plain = typeof option === 'function' ? () => asked(option) : () => option
  return {
    plain,
    hashFor(username) {
      const secret = plain()
      if (secret === undefined) return {}
      return { SECRET_HASH: createHmac('sha256', secret).update(`${username}${clientId}`).digest('base64') }
    },
    mac: (...parts) =>
      createHmac('sha256', plain() ?? '')
        .update(lengthPrefixed('countersign', ...parts))
        .digest(),
  }
}
