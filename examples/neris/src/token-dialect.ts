import { jsonReply, type Reply } from '@countersign/core'
import type { TokenDialect, TokenReason, TokenRefusal } from '@countersign/grants'

/** What a challenge asks for: its name, the grant type that answers it and the field of the answer are one word. */
const challengeNames = ['email_otp', 'software_token_mfa', 'new_password_required'] as const

/** Whether a grant type answers a challenge. */
export function isChallengeAnswer(grantType: string | undefined): boolean {
  return challengeNames.some((name) => name === grantType)
}

/** Where the description of the list of reasons says too little for somebody who debugs a client. It never says more than the status. */
const descriptions: Readonly<Partial<Record<TokenReason, string>>> = {
  no_authentication: 'This grant needs client_id and client_secret, in the header Authorization: Basic or in the body.',
  unsupported_media_type: 'The body is application/x-www-form-urlencoded or application/json.',
  wrong_credentials: 'The sign-in was refused: user name, password or code are wrong, or the user may not sign in.',
  wrong_code: 'Too many wrong codes: begin again with grant_type password.',
  challenge_unknown: 'The session is over, was used already, or belongs to another user: begin again with grant_type password.',
}

/**
 * Published clients take 401 for: get other credentials. What they present is not valid is that, too; RFC 6749 §5.2 has 400 for it.
 */
const statusOf = ({ error, status }: TokenRefusal): number => (error === 'invalid_grant' ? 401 : status)

/**
 * The Python clients answer a challenge until they get 200, and read every other answer as JSON: one that is no JSON ends
 * their loop, whatever its status.
 */
export function plainText(status: number, text: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }, body: `${text}\n` }
}

/** The words of the token endpoint of NERIS. */
export const tokenDialect: TokenDialect = {
  success: ({ accessToken, refreshToken, expiresInSeconds }) =>
    jsonReply(200, {
      access_token: accessToken,
      // Clients stumble over a missing member; null makes them ask for a new token with what they have.
      refresh_token: refreshToken ?? null,
      expires_in: expiresInSeconds,
      token_type: 'bearer',
    }),
  challenge: ({ token, types }) =>
    jsonReply(202, { challenge_name: challengeNames.find((name) => types.includes(name)) ?? types[0], session: token }),
  refusal(refusal, { grantType }) {
    if (refusal.reason === 'wrong_method') return jsonReply(405, { detail: 'Method Not Allowed' })
    const description = descriptions[refusal.reason] ?? refusal.description
    const status = statusOf(refusal)
    if (isChallengeAnswer(grantType)) return plainText(status, `${refusal.error}: ${description}`)
    return jsonReply(status, { error: refusal.error, error_description: description, detail: description })
  },
}
