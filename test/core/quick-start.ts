import { type Auth, type Requirement, refuse, Unavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'

const stores = memoryStores()

/** Ten requests a minute for each client. A requirement is a value: give it to `protect` or to `guard.check`. */
export function limited(): Requirement {
  return async (auth: Auth) => {
    const attempt = await stores.attempts
      .reserve({ key: auth.clientId ?? auth.issuer, limit: 10, windowMs: 60_000 })
      .catch((cause: unknown) => {
        // An outage is thrown and becomes 503; what the client did is answered.
        throw new Unavailable('store_unavailable', { cause })
      })
    return attempt.ok ? undefined : refuse('too_many', { retryAfterSeconds: attempt.retryAfterMs / 1000 })
  }
}
