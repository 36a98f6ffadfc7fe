/** What an error of Cognito means for the person; all other errors are faults of ours. */
export type Failure =
  /** The session, the user or the token cannot be used, for any reason. */
  | { readonly kind: 'refused' }
  /** Not this answer, but perhaps another one: the session goes on. */
  | { readonly kind: 'wrong' }
  /** The code is too old, or was used before. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number }

const refused: Failure = { kind: 'refused' }
const wrong: Failure = { kind: 'wrong' }
const throttled = (retryAfterSeconds: number): Failure => ({ kind: 'throttled', retryAfterSeconds })

const failures: ReadonlyMap<string, Failure> = new Map<string, Failure>([
  ['NotAuthorizedException', refused],
  ['UserNotFoundException', refused],
  ['UserNotConfirmedException', refused],
  ['PasswordResetRequiredException', refused],
  ['UnsupportedUserStateException', refused],
  ['MFAMethodNotFoundException', refused],
  ['SoftwareTokenMFANotFoundException', refused],
  ['AliasExistsException', refused],
  // The host's own trigger said no.
  ['UserLambdaValidationException', refused],
  ['RefreshTokenReuseException', refused],
  // RevokeToken: another app client's token, or none that can be revoked.
  ['UnauthorizedException', refused],
  ['UnsupportedTokenTypeException', refused],
  ['CodeMismatchException', wrong],
  ['InvalidPasswordException', wrong],
  ['PasswordHistoryPolicyViolationException', wrong],
  ['ExpiredCodeException', { kind: 'expired' }],
  // A quota of the account, by the second.
  ['TooManyRequestsException', throttled(1)],
  ['ThrottlingException', throttled(1)],
  // Limits of one user. Cognito does not say how long they last.
  ['LimitExceededException', throttled(300)],
  ['TooManyFailedAttemptsException', throttled(300)],
])

/** The name of an error of the SDK, and what it says. */
export interface NamedError {
  readonly name: string
  readonly message: string
}

/** Cognito says with one type that a person is refused and that our SECRET_HASH is: only its text tells. */
function isOurSecret({ name, message }: NamedError): boolean {
  return name === 'NotAuthorizedException' && /secret/i.test(message)
}

/** What an error of Cognito means; undefined for an outage and for what is set up wrongly. */
export function failureOf(error: NamedError): Failure | undefined {
  return isOurSecret(error) ? undefined : failures.get(error.name)
}
