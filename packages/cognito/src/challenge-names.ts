import type { ChallengeNameType } from '@aws-sdk/client-cognito-identity-provider'

/** Ways to answer a challenge of Cognito. */
export type CognitoChallengeType = 'email_otp' | 'software_token_mfa' | 'sms_otp' | 'new_password_required'

interface Row {
  readonly type: CognitoChallengeType
  /** The member of `ChallengeResponses` that carries the answer. */
  readonly parameter: string
  /** Methods that a right answer proves (RFC 8176). */
  readonly proves: readonly string[]
  /** Whether Cognito sends a message with it. */
  readonly isSent?: boolean
}

const byMail = { type: 'email_otp', proves: ['otp', 'mfa'], isSent: true } as const
const bySms = { type: 'sms_otp', proves: ['sms', 'mfa'], isSent: true } as const

/** Cognito's names. An e-mail and a text message have two names each. */
const rows: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['EMAIL_OTP', { ...byMail, parameter: 'EMAIL_OTP_CODE' }],
  ['EMAIL_MFA', { ...byMail, parameter: 'EMAIL_MFA_CODE' }],
  ['SMS_MFA', { ...bySms, parameter: 'SMS_MFA_CODE' }],
  ['SMS_OTP', { ...bySms, parameter: 'SMS_OTP_CODE' }],
  ['SOFTWARE_TOKEN_MFA', { type: 'software_token_mfa', parameter: 'SOFTWARE_TOKEN_MFA_CODE', proves: ['otp', 'mfa'] }],
  ['NEW_PASSWORD_REQUIRED', { type: 'new_password_required', parameter: 'NEW_PASSWORD', proves: [] }],
])

/** The row of a challenge that has one answer; undefined for `SELECT_MFA_TYPE` and for what is not supported. */
export function challengeRow(name: string): Row | undefined {
  return rows.get(name)
}

/** The type by which a challenge is offered. */
export function typeOf(name: string): CognitoChallengeType | undefined {
  return rows.get(name)?.type
}

/** A name as the SDK has it: one that Cognito gave goes back to it, known to the SDK or not. */
export function asChallengeName(name: string): ChallengeNameType {
  return name as ChallengeNameType
}
