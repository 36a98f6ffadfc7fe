import type { Cognito } from '@countersign/cognito'
import type { Now, RefreshProvider, SecretsOption } from '@countersign/core'
import { clientCredentials, type Grant, type Granted, refreshToken } from '@countersign/grants'
import { passwordGrants } from '@countersign/grants/password'
import { signInSeconds } from './user-pool.js'

/** Without the refresh token, which is the pool's or ours. */
function withoutRefresh(granted: Granted): Granted {
  if (granted.issued === undefined) return { ...granted, refreshToken: null }
  const { accessToken, expiresInSeconds } = granted.issued
  return { ...granted, issued: { accessToken, expiresInSeconds } }
}

/** A client says with `generate_refresh_token` that it wants none; wanting one that its policy denies gives none. */
function unlessUnwanted(grant: Grant): Grant {
  return {
    ...grant,
    async validate(asked) {
      const plan = await grant.validate(asked)
      if (!plan.ok || asked.parameters.get('generate_refresh_token') !== 'false') return plan
      const { granted, commit } = plan
      return {
        ...plan,
        ...(granted && { granted: withoutRefresh(granted) }),
        ...(commit && {
          async commit(callId) {
            const answer = await commit(callId)
            return answer.ok ? withoutRefresh(answer) : answer
          },
        }),
      }
    },
  }
}

/** After 90 minutes the password is asked for again, also where the pool's own setting is longer. */
function untilSignInEnds(provider: RefreshProvider, now: Now): RefreshProvider {
  return {
    accepts: (token) => provider.accepts(token),
    async refresh(presented) {
      const step = await provider.refresh(presented)
      const isOver = step.outcome === 'signed_in' && now() / 1000 - (step.authTime ?? 0) >= signInSeconds
      return isOver ? { outcome: 'refused' } : step
    },
  }
}

/** What {@link tokenGrants} needs. */
export interface TokenGrantsOptions {
  readonly cognito: Cognito
  readonly refreshSecrets: SecretsOption
  readonly now: Now
}

/** The grants of NERIS: integrations, people with their challenges, and refresh for both. */
export function tokenGrants({ cognito, refreshSecrets, now }: TokenGrantsOptions): readonly Grant[] {
  const continuation = (challengeType: string, codeParameter: string) => ({
    grantType: challengeType,
    tokenParameter: 'session',
    codeParameter,
    challengeType,
  })
  const people = passwordGrants({
    authenticator: cognito.authenticator,
    maxAnswers: 5,
    now,
    continuations: [
      continuation('email_otp', 'email_otp'),
      continuation('software_token_mfa', 'software_token_mfa'),
      continuation('new_password_required', 'new_password'),
    ],
  })
  return [
    ...[clientCredentials({ accessTokenLifetimeSeconds: 3_600 }), ...people].map(unlessUnwanted),
    refreshToken({
      secrets: refreshSecrets,
      accessTokenLifetimeSeconds: 3_600,
      providers: [untilSignInEnds(cognito.refreshProvider, now)],
    }),
  ]
}
