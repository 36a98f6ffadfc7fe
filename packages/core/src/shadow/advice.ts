import type { Reason } from '../refusal.js'

/** What a host can change so that requests with a reason are admitted, and what that costs. */
export interface ShadowAdvice {
  /** The option that would admit them; undefined where no option does. */
  readonly option: string | undefined
  readonly cost: string
}

const none = (cost: string): ShadowAdvice => ({ option: undefined, cost })
const by = (option: string, cost: string): ShadowAdvice => ({ option, cost })

const forged = none('No option admits it: anybody could make such a token. The old guard must not admit it either.')
const ended = none('No option admits it, because it was revoked. Look at who revoked it.')
const proof = none('No option admits it: the proof is what binds the token to its sender. The client must send a good proof.')
const outage = none('The new guard would answer 503. Find out why the keys or the store were unavailable before you enforce.')

const advice: Readonly<Partial<Record<Reason, ShadowAdvice>>> = {
  no_credentials: by('the requirement optional()', 'Requests without a token reach the route; the handler must use optionalAuthOf.'),
  scheme: by(
    'tokenFrom: { header }',
    'A token is read from the named header field, without a scheme. The field must not be set by other software.',
  ),
  malformed_request: by(
    'tokenFrom: { query } or { body }',
    'Logs and histories keep URLs, with tokens in them. Two tokens in one request are always refused.',
  ),
  too_large: by('maxTokenBytes', 'Longer tokens cost more work, before anything is proved.'),
  malformed: by(
    'an entry made by introspection(), if the tokens are opaque',
    'Each new token costs a request to its issuer. A string that is not a token at all is always refused.',
  ),
  header: none('No option admits it: the header names something that must be understood, or is not well formed (RFC 7515 §4.1.11).'),
  token_type: by('typ of the entry', 'Tokens for another use, for instance ID tokens, are then accepted as access tokens (RFC 9068 §2.1).'),
  algorithm: by(
    'algorithms of the entry',
    'Add it only if the issuer really signs with it. An entry never has HMAC and public keys together.',
  ),
  unknown_issuer: by('a further entry in issuers', 'Everything that this issuer signs for your audience is then believed.'),
  unknown_key: none('No option admits it: the issuer does not publish this key. The old guard may still hold a key that was retired.'),
  signature: forged,
  claims: none(
    'No option admits it. A token without exp never ends, and requireExpiry: false is not offered: let the issuer set exp (RFC 7519 §4.1.4).',
  ),
  expired: by(
    'clockToleranceSeconds of the entry',
    'Each token lives longer by that time, at most 3600 s. Clients must renew tokens before they expire.',
  ),
  not_yet_valid: by('clockToleranceSeconds of the entry', 'Each token lives longer by that time. Look at the clocks first.'),
  issued_in_future: by('maxFutureIssuedSeconds of the entry', 'Look at the clocks first. With null nobody notices an iat in milliseconds.'),
  too_old: by('maxAgeSeconds of the entry', 'Tokens are accepted for a longer time after they were issued.'),
  audience: by(
    'audience of the entry',
    'Tokens for another API are accepted here; null accepts those of every API of the issuer (RFC 9700 §2.3).',
  ),
  issuer_rule: none(
    'No option of this entry admits it: the preset knows what its issuer promises. Use jwks() or oidc() with rules of your own.',
  ),
  schema: by('schema of the entry', 'Claims that you do not check must not be relied on by handlers.'),
  confirmation: by('senderConstraint', 'A token that is bound to a key is accepted with a proof only. Without the option it is refused.'),
  insufficient_scope: by('requirements of the route', 'Holders of fewer scopes reach the route. Let the issuer give the scope instead.'),
  insufficient_authentication: by('requirements of the route', 'A weaker or older sign-in reaches the route.'),
  wrong_issuer: by('requirements of the route', 'Tokens of this entry reach the route.'),
  not_enrolled: none('The entity must enroll the integration.'),
  forbidden: by('requirements of the route', 'Your own requirement refused it.'),
  too_many: by('the limits of the guard', 'More work for each sender.'),
  unprovable: ended,
}

/** The option that would admit requests with a reason, and its cost. */
export function adviceOn(reason: Reason): ShadowAdvice {
  const found = Object.hasOwn(advice, reason) ? advice[reason] : undefined
  if (found !== undefined) return found
  if (reason.endsWith('_unavailable')) return outage
  if (reason.startsWith('proof_')) return proof
  return reason.startsWith('revoked_') ? ended : none('No option admits it.')
}
