import type { SignedIn, WireRequest } from '@countersign/core'
import { readAccessToken } from './access-claims.js'
import { cannotAsk } from './ask.js'
import type { TokenResult } from './cognito-calls.js'
import type { CheckedOptions, CognitoSignIn } from './cognito-options.js'
import type { RefreshTokenText } from './refresh-token-text.js'

/** Tokens of Cognito that arrived, with what they say. */
export interface Received {
  readonly person: CognitoSignIn
  readonly accessToken: string
  readonly expiresInSeconds: number
  readonly refreshToken: string | undefined
}

/** @throws Unavailable for tokens of anything else than this pool and app client */
export function readResult(
  result: TokenResult | undefined,
  { pool, amr, request }: { readonly pool: CheckedOptions; readonly amr: readonly string[]; readonly request: WireRequest },
): Received {
  const { AccessToken: accessToken, ExpiresIn, RefreshToken: refreshToken } = result ?? {}
  if (typeof accessToken !== 'string') throw cannotAsk(new Error('Cognito gave neither tokens nor a challenge'))
  const claims = readAccessToken(accessToken, pool)
  // Cognito always says it; emulators may not.
  const expiresInSeconds = ExpiresIn ?? claims.exp - claims.iat
  const person = { subject: claims.sub, amr, authTime: claims.auth_time, claims, request }
  return { person, accessToken, expiresInSeconds, refreshToken }
}

/** The person, with Cognito's tokens where they are passed on. */
export function signedIn(received: Received, { tokens, claims }: CheckedOptions, texts: RefreshTokenText): SignedIn {
  const { person, accessToken, expiresInSeconds, refreshToken } = received
  const who = { outcome: 'signed_in', subject: person.subject, amr: person.amr, authTime: person.authTime } as const
  if (tokens === 'own') return { ...who, ...(claims && { claims: claims(person) }) }
  const written = refreshToken === undefined ? {} : { refreshToken: texts.write(refreshToken, person.claims.username) }
  return { ...who, issued: { accessToken, expiresInSeconds, ...written } }
}
