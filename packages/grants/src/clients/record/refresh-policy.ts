import { kind, type OptionKind } from '@countersign/core'

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
  readonly lifetimeSeconds: number
  /** A public client's token that is stolen works until its end. Without this such a client is a TypeError. */
  readonly unrotatedPublicClient?: boolean
}

/** A new token each time (RFC 9700 §4.14.2). */
interface RotatingRefresh extends ForItself {
  readonly policy: 'rotating'
  /**
   * How long a request whose answer was lost may be repeated; never after the new token was used. @defaultValue 86,400 for clients that
   * authenticate themselves, 0 for public ones
   */
  readonly retryWindowSeconds?: number
  /** Ends the family when it was not used for so long. @defaultValue none */
  readonly idleLifetimeSeconds?: number
  /** Ends the family so long after the sign-in. @defaultValue none */
  readonly absoluteLifetimeSeconds?: number
}

/** Whether and how a client gets refresh tokens. */
export type RefreshPolicy = { readonly policy: 'none' } | FixedRefresh | RotatingRefresh

const isOf =
  (policy: RefreshPolicy['policy']) =>
  (value: unknown): boolean =>
    (value as RefreshPolicy | null)?.policy === policy

const policyKind = kind.required(kind.oneOf('none', 'fixed', 'rotating'))
const fixed: OptionKind = kind.members<FixedRefresh>({
  policy: policyKind,
  lifetimeSeconds: kind.required(kind.positiveSeconds),
  unrotatedPublicClient: kind.flag,
  withClientCredentials: kind.flag,
})
const rotating: OptionKind = kind.members<RotatingRefresh>({
  policy: policyKind,
  retryWindowSeconds: kind.seconds,
  idleLifetimeSeconds: kind.positiveSeconds,
  absoluteLifetimeSeconds: kind.positiveSeconds,
  withClientCredentials: kind.flag,
})
/** The policy itself is misspelt or missing: then that is what must be told. */
const unknown: OptionKind = kind.members<RefreshPolicy>({ ...fixed.members, ...rotating.members, policy: policyKind })

/** What the setting `refresh` must be. */
export const refreshKind: OptionKind = {
  ...kind.either(
    { ...kind.members<{ readonly policy: 'none' }>({ policy: policyKind }), accepts: isOf('none') },
    { ...fixed, accepts: isOf('fixed') },
    { ...rotating, accepts: isOf('rotating') },
    unknown,
  ),
  must: "{ policy: 'none' }, { policy: 'fixed', lifetimeSeconds } or { policy: 'rotating' }",
}

/**
 * The policy, which was checked, with its defaults, as it is stored.
 *
 * @throws TypeError for a policy that is dangerous without saying so
 */
export function completeRefresh(refresh: RefreshPolicy, isPublic: boolean): RefreshPolicy {
  if (refresh.policy === 'none') return refresh
  if (refresh.policy === 'fixed' && isPublic && refresh.unrotatedPublicClient !== true)
    throw new TypeError(
      "client: refresh.policy must be 'rotating' for a public client (RFC 9700 §4.14.2), got 'fixed' without unrotatedPublicClient: true",
    )
  const { withClientCredentials = false } = refresh
  return { ...refresh, withClientCredentials }
}

/** Whether a grant gives a refresh token by this policy. A record that does not say it is from before it could: then it always did. */
export function givesRefreshToken(refresh: RefreshPolicy, grantType: string): boolean {
  if (refresh.policy === 'none') return false
  return grantType !== 'client_credentials' || (refresh.withClientCredentials ?? true)
}

/** A store wants an end of everything: ten years, at every use anew. */
export const foreverSeconds = 315_360_000
