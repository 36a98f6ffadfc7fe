import {
  type Judge,
  type JudgedAssertion,
  judgeAssertion,
  longestClientAssertionSeconds,
  type PresentedAssertion,
} from '../assertions/assertion.js'
import { type AssertionRules, completeRules } from '../clients/record/assertion-rules.js'
import { refusedAs, type TokenRefused } from '../refusal.js'

/** RFC 7523bis: the first one by preference. Access tokens and other JWTs of a client are refused. */
const types = ['client-authentication+jwt', 'jwt', '']

/**
 * Judges a client assertion (RFC 7523 §2.2 and §3): `iss` and `sub` are the client, the one `aud` is the issuer, so that no
 * other server can pass it on (RFC 7523bis), and it is used once.
 */
export async function judgeClientAssertion(
  { id, assertion }: { readonly id: string; readonly assertion: PresentedAssertion },
  rules: AssertionRules | undefined,
  { issuer, ...judge }: Judge & { readonly issuer: string },
): Promise<JudgedAssertion | TokenRefused> {
  const { authenticationAudience = issuer, clockToleranceSeconds } = completeRules(rules)
  const expected = {
    clientId: id,
    issuer: id,
    audiences: [authenticationAudience],
    types,
    maxLifetimeSeconds: longestClientAssertionSeconds,
    toleranceSeconds: clockToleranceSeconds,
    jti: 'once',
    use: 'client_assertion',
  } as const
  const judged = await judgeAssertion(assertion, expected, judge)
  return judged.ok ? judged : refusedAs('invalid_client', judged.reason)
}
