import type { RefreshProvider } from '@countersign/core'
import type { CognitoCalls } from './cognito-calls.js'
import type { CheckedOptions } from './cognito-options.js'
import type { RefreshTokenText } from './refresh-token-text.js'
import { readResult, signedIn } from './signed-in.js'

/** Refreshes Cognito's tokens. */
export function createRefreshProvider(pool: CheckedOptions, calls: CognitoCalls, texts: RefreshTokenText): RefreshProvider {
  return {
    grantType: 'password',
    // Where people get tokens of our own, they never got one of Cognito's.
    accepts: (token) => pool.tokens === 'cognito' && texts.accepts(token),
    async refresh({ token: presented, request }) {
      const read = texts.read(presented)
      if (read === undefined) return { outcome: 'refused' }
      const asked = await calls.refresh(read.token, read.username)
      if (!asked.ok) {
        const { failure } = asked
        return failure.kind === 'throttled'
          ? { outcome: 'throttled', retryAfterSeconds: failure.retryAfterSeconds }
          : { outcome: 'refused' }
      }
      const received = readResult(asked.output.AuthenticationResult, { pool, amr: [], request })
      // Without rotation the same token goes on.
      return signedIn({ ...received, refreshToken: received.refreshToken ?? read.token }, pool, texts)
    },
  }
}
