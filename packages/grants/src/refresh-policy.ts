/** Who gets refresh tokens besides people. */
interface ForItself {
  /**
   * Whether the grant `client_credentials` gives one, too. RFC 6749 §4.4.3 advises against it: the client can ask again.
   * @defaultValue false
   */
  readonly withClientCredentials?: boolean
}

/** The same token until its end; its life is never extended. */
interface FixedRefresh extends ForItself {
  readonly policy: 'fixed'
  readonly lifeSeconds: number
  /** A public client's token that is stolen works until its end. Without this such a client is a TypeError. */
  readonly unrotatedPublicClient?: boolean
}

/** A new token each time (RFC 9700 §4.14.2). */
interface RotatingRefresh extends ForItself {
  readonly policy: 'rotating'
  /**
   * For how long an answer that was lost can be asked for again; never once its token was used. @defaultValue 86,400 for clients that
   * authenticate themselves, 0 for public ones
   */
  readonly retryWindowSeconds?: number
  /** Ends the chain when it was not used for so long. @defaultValue none */
  readonly idleSeconds?: number
  /** Ends the chain so long after the sign-in. @defaultValue none */
  readonly absoluteSeconds?: number
}

/** Whether and how a client gets refresh tokens. */
export type RefreshPolicy = { readonly policy: 'none' } | FixedRefresh | RotatingRefresh

function fail(message: string): never {
  throw new TypeError(`client: ${message}`)
}

const isPositive = (seconds: unknown): boolean => typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0

function checkFixed({ lifeSeconds, unrotatedPublicClient }: FixedRefresh, isPublic: boolean): void {
  if (!isPositive(lifeSeconds)) fail('refresh.lifeSeconds is a positive number')
  if (isPublic && unrotatedPublicClient !== true) fail('a public client needs rotating refresh tokens (RFC 9700 §4.14.2)')
}

function checkRotating({ retryWindowSeconds = 0, idleSeconds = 1, absoluteSeconds = 1 }: RotatingRefresh): void {
  if (!(Number.isFinite(retryWindowSeconds) && retryWindowSeconds >= 0)) fail('refresh.retryWindowSeconds is a number, 0 or more')
  if (!isPositive(idleSeconds) || !isPositive(absoluteSeconds)) fail('refresh limits are positive numbers of seconds')
}

/**
 * The policy with its defaults, as it is stored.
 *
 * @throws TypeError for a policy that is incomplete, or dangerous without saying so
 */
export function completeRefresh(refresh: RefreshPolicy, isPublic: boolean): RefreshPolicy {
  switch (refresh.policy) {
    case 'none':
      return refresh
    case 'fixed':
      checkFixed(refresh, isPublic)
      break
    case 'rotating':
      checkRotating(refresh)
      break
    default:
      fail('refresh.policy is none, fixed or rotating')
  }
  const { withClientCredentials = false } = refresh
  if (typeof withClientCredentials !== 'boolean')
    fail(`refresh.withClientCredentials must be true or false, got ${JSON.stringify(withClientCredentials)}`)
  return { ...refresh, withClientCredentials }
}

/** Whether a grant gives a refresh token by this policy. A record that does not say it is from before it could: then it always did. */
export function givesRefreshToken(refresh: RefreshPolicy, grantType: string): boolean {
  if (refresh.policy === 'none') return false
  return grantType !== 'client_credentials' || (refresh.withClientCredentials ?? true)
}

/** A store wants an end of everything: ten years, at every use anew. */
export const foreverSeconds = 315_360_000
