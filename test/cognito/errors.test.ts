import { isUnavailable } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { issuedOf, request, startPool } from './pool-setup.js'

/** Runs a call and words its end. */
async function endOf(call: Promise<{ readonly outcome: string; readonly retryAfterSeconds?: number }>): Promise<string> {
  try {
    const { outcome, retryAfterSeconds } = await call
    return retryAfterSeconds === undefined ? outcome : `${outcome} ${retryAfterSeconds}`
  } catch (error) {
    return isUnavailable(error) ? error.reason : `${String(error)}`
  }
}

const outage = 'authenticator_unavailable'

/** What an error comes to at the password, at a code and at a refresh. */
const table: readonly (readonly [type: string, message: string, password: string, code: string, refresh: string])[] = [
  ['NotAuthorizedException', 'Incorrect username or password.', 'refused', 'refused', 'refused'],
  ['NotAuthorizedException', 'Password attempts exceeded', 'refused', 'refused', 'refused'],
  ['NotAuthorizedException', 'User is disabled.', 'refused', 'refused', 'refused'],
  ['NotAuthorizedException', 'Invalid session for the user, session is expired.', 'refused', 'refused', 'refused'],
  ['NotAuthorizedException', 'Refresh Token has been revoked', 'refused', 'refused', 'refused'],
  ['UserNotFoundException', 'User does not exist.', 'refused', 'refused', 'refused'],
  ['UserNotConfirmedException', 'User is not confirmed.', 'refused', 'refused', 'refused'],
  ['PasswordResetRequiredException', 'Password reset required for the user', 'refused', 'refused', 'refused'],
  ['UnsupportedUserStateException', 'x', 'refused', 'refused', 'refused'],
  ['UserLambdaValidationException', 'PreAuthentication failed with error no.', 'refused', 'refused', 'refused'],
  ['MFAMethodNotFoundException', 'x', 'refused', 'refused', 'refused'],
  ['SoftwareTokenMFANotFoundException', 'x', 'refused', 'refused', 'refused'],
  ['AliasExistsException', 'x', 'refused', 'refused', 'refused'],
  ['RefreshTokenReuseException', 'x', 'refused', 'refused', 'refused'],
  ['UnauthorizedException', 'x', 'refused', 'refused', 'refused'],
  ['UnsupportedTokenTypeException', 'x', 'refused', 'refused', 'refused'],
  ['CodeMismatchException', 'Invalid code or auth state for the user.', 'refused', 'wrong_code', 'refused'],
  ['ExpiredCodeException', 'Invalid code provided, please request a code again.', 'refused', 'refused', 'refused'],
  ['InvalidPasswordException', 'x', 'refused', 'wrong_code', 'refused'],
  ['PasswordHistoryPolicyViolationException', 'x', 'refused', 'wrong_code', 'refused'],
  ['TooManyRequestsException', 'Rate exceeded', 'throttled 1', 'throttled 1', 'throttled 1'],
  ['ThrottlingException', 'Rate exceeded', 'throttled 1', 'throttled 1', 'throttled 1'],
  ['LimitExceededException', 'Attempt limit exceeded', 'throttled 300', 'throttled 300', 'throttled 300'],
  ['TooManyFailedAttemptsException', 'x', 'throttled 300', 'throttled 300', 'throttled 300'],
  // What follows is no fault of the person.
  ['NotAuthorizedException', 'Client c is configured with secret but SECRET_HASH was not received', outage, outage, outage],
  ['NotAuthorizedException', 'Client c is configured for secret but secret was not received', outage, outage, outage],
  ['NotAuthorizedException', 'Unable to verify secret hash for client c', outage, outage, outage],
  ['NotAuthorizedException', 'SecretHash does not match for the client: c', outage, outage, outage],
  ['InternalErrorException', 'x', outage, outage, outage],
  ['InvalidParameterException', 'USER_PASSWORD_AUTH flow not enabled for this client', outage, outage, outage],
  ['ResourceNotFoundException', 'User pool client c does not exist.', outage, outage, outage],
  ['UnrecognizedClientException', 'The security token included in the request is invalid.', outage, outage, outage],
  ['ForbiddenException', 'Request not allowed due to WAF block', outage, outage, outage],
  ['CodeDeliveryFailureException', 'x', outage, outage, outage],
  ['InvalidEmailRoleAccessPolicyException', 'x', outage, outage, outage],
  ['InvalidSmsRoleAccessPolicyException', 'x', outage, outage, outage],
  ['InvalidSmsRoleTrustRelationshipException', 'x', outage, outage, outage],
  ['InvalidUserPoolConfigurationException', 'x', outage, outage, outage],
  ['InvalidLambdaResponseException', 'x', outage, outage, outage],
  ['UnexpectedLambdaException', 'x', outage, outage, outage],
  ['FeatureUnavailableInTierException', 'x', outage, outage, outage],
  ['UnsupportedOperationException', 'x', outage, outage, outage],
  ['OperationNotEnabledException', 'x', outage, outage, outage],
  ['SomethingNewException', 'x', outage, outage, outage],
]

describe.each(table)('%s: %s', (type, message, atPassword, atCode, atRefresh) => {
  it(`is ${atPassword} at the password, ${atCode} at a code, ${atRefresh} at a refresh`, async () => {
    const { pool, cognito, signIn, answer } = await startPool()
    const { refreshToken } = issuedOf(await signIn('ann@x.example'))
    const step = await signIn('ben@x.example')
    pool.failNext({ type, message, times: 1 })
    expect(await endOf(signIn('ann@x.example'))).toBe(atPassword)
    pool.failNext({ type, message, times: 1 })
    expect(await endOf(answer(step, '123456'))).toBe(atCode)
    pool.failNext({ type, message, times: 1 })
    expect(await endOf(cognito.refreshProvider.refresh({ token: refreshToken, request }))).toBe(atRefresh)
  })
})

describe('what Cognito gives', () => {
  const session = 'x'.repeat(32)
  it.each([
    ['neither tokens nor a challenge', {}],
    ['a number', { AuthenticationResult: { AccessToken: 7, ExpiresIn: 3600, TokenType: 'Bearer' } }],
    ['no JWT', { AuthenticationResult: { AccessToken: 'opaque', ExpiresIn: 3600, TokenType: 'Bearer' } }],
    ['a challenge that is not supported', { ChallengeName: 'CUSTOM_CHALLENGE', ChallengeParameters: {}, Session: session }],
    ['a challenge without a session', { ChallengeName: 'EMAIL_OTP', ChallengeParameters: {} }],
    ['a choice of nothing', { ChallengeName: 'SELECT_MFA_TYPE', ChallengeParameters: { MFAS_CAN_CHOOSE: '[]' }, Session: session }],
    [
      'a choice of what is not supported',
      { ChallengeName: 'SELECT_MFA_TYPE', ChallengeParameters: { MFAS_CAN_CHOOSE: '["WEB_AUTHN"]' }, Session: session },
    ],
    [
      'a choice that is no JSON',
      { ChallengeName: 'SELECT_MFA_TYPE', ChallengeParameters: { MFAS_CAN_CHOOSE: '[SMS_MFA, ' }, Session: session },
    ],
    [
      'a new password with attributes that nobody asked for',
      {
        ChallengeName: 'NEW_PASSWORD_REQUIRED',
        ChallengeParameters: { requiredAttributes: '["userAttributes.name"]' },
        Session: session,
      },
    ],
    ['no JSON', 'no JSON'],
  ])('is an outage where it is %s', async (_what, body) => {
    const { pool, signIn } = await startPool()
    pool.misbehave({ kind: 'document', body })
    expect(await endOf(signIn('ann@x.example'))).toBe(outage)
  })

  it.each([
    ['another pool', { iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other0000' }],
    ['another app client', { client_id: 'other' }],
    ['another use', { token_use: 'id' }],
  ])('is an outage where it is a token of %s', async (_what, claims) => {
    const { pool, signIn } = await startPool()
    const AccessToken = await pool.accessToken({ claims })
    pool.misbehave({ kind: 'document', body: { AuthenticationResult: { AccessToken, ExpiresIn: 3600, TokenType: 'Bearer' } } })
    expect(await endOf(signIn('ann@x.example'))).toBe(outage)
  })
})

describe('a secret of the host', () => {
  const failing: readonly [string, () => string][] = [
    [
      'fails',
      () => {
        throw new Error('the key service is down')
      },
    ],
    ['is empty', () => ''],
    ['is nothing', () => undefined as never],
  ]

  it.each(failing)('is an outage where the secret of the app client %s', async (_what, read) => {
    const state = { read: () => 'secret-of-the-app-client' }
    const { signIn } = await startPool({ clientSecret: () => state.read() })
    state.read = read
    expect(await endOf(signIn('ann@x.example'))).toBe('key_source_unavailable')
  })

  it.each(failing)('is an outage where the recognitionSecret %s', async (_what, read) => {
    const state = { read: () => 'r'.repeat(32) }
    const { cognito } = await startPool({ recognitionSecret: () => state.read() })
    state.read = read
    const recognised = async (): Promise<{ readonly outcome: string }> => ({
      outcome: String(cognito.authenticator.recognise?.('a password')),
    })
    expect(await endOf(recognised())).toBe('key_source_unavailable')
  })
})
