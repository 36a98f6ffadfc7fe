import { checkOptions, hasOwn, kind, type OptionShape } from '@countersign/core'
import { readAssertion } from '../assertions/assertion.js'
import { issuerOf, judgeOwnAssertion, type SentAssertion } from '../assertions/client-signed-assertion.js'
import { type TrustedTokens, trustedKind, verifyTrusted } from '../assertions/trusted-token.js'
import { refused, refusedAs, type TokenRefused } from '../refusal.js'
import type { ExchangePolicy } from './exchange-policy.js'
import { accessTokenLifetimeKind, type Grant, type GrantRequest } from './grant.js'
import { type GoodToken, grantToSubject } from './grant-to-subject.js'
import { tokenExchangeType, tokenTypes } from './token-type.js'

/** Options of {@link tokenExchange}. */
export interface TokenExchangeOptions {
  /** Decides who gets a token for whom. Undefined denies. */
  readonly policy: ExchangePolicy
  /** Whether clients may sign subject tokens (`subject_token_type` jwt) with their registered keys. @defaultValue true */
  readonly clientSigned?: boolean
  /** Access tokens that are accepted as subject tokens (`subject_token_type` access_token). @defaultValue none */
  readonly trusted?: TrustedTokens
  /** Life in seconds, unless the subject token ends before. @defaultValue that of the endpoint */
  readonly accessTokenLifetimeSeconds?: number
  /** Whether a refresh token comes with it, where the policy of the client gives one. @defaultValue false */
  readonly refreshTokens?: boolean
}

const shape: OptionShape<TokenExchangeOptions> = {
  policy: kind.required(kind.func),
  clientSigned: kind.flag,
  trusted: trustedKind,
  accessTokenLifetimeSeconds: accessTokenLifetimeKind,
  refreshTokens: kind.flag,
}

const sentAs = 'invalid_request'
const sent: SentAssertion = { use: 'subject_token', types: ['jwt', ''] }

/** Requests that are refused with every subject token (RFC 8693 §2.1). */
function requestFault({ parameters }: GrantRequest): TokenRefused | undefined {
  if (parameters.get('subject_token') === undefined || parameters.get('subject_token_type') === undefined)
    return refused('missing_parameter')
  if (parameters.get('actor_token') !== undefined || parameters.get('actor_token_type') !== undefined)
    return refused('delegation_not_supported')
  const { accessToken } = tokenTypes
  return (parameters.get('requested_token_type') ?? accessToken) === accessToken ? undefined : refused('unsupported_token_type')
}

/**
 * Token exchange (RFC 8693): an access token for what a JWT stands for that the client signed, or an issuer gave that is trusted.
 * Only what the policy allows is allowed; delegation is not supported.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function tokenExchange(options: TokenExchangeOptions): Grant {
  checkOptions('tokenExchange', options, shape)
  const { policy, clientSigned = true, trusted, accessTokenLifetimeSeconds, refreshTokens = false } = options
  if (!clientSigned && trusted === undefined)
    throw new TypeError('tokenExchange: trusted must be given where clientSigned is false, got undefined')

  async function goodToken(token: string, type: string, asked: GrantRequest): Promise<GoodToken | TokenRefused> {
    if (type === tokenTypes.jwt && clientSigned) {
      const read = readAssertion(token)
      const own = read.ok ? await judgeOwnAssertion(read, sent, asked) : read
      return own.ok ? { own, issuer: issuerOf(asked.client) } : refusedAs(sentAs, own.reason)
    }
    if (type !== tokenTypes.accessToken || trusted === undefined) return refused('unsupported_token_type')
    const verified = await verifyTrusted(token, trusted, asked)
    return verified.ok ? { auth: verified.auth, claims: verified.claims } : refusedAs(sentAs, verified.reason)
  }

  return {
    type: tokenExchangeType,
    needsKeys: clientSigned,
    ...(accessTokenLifetimeSeconds !== undefined && { accessTokenLifetimeSeconds }),
    async validate(asked) {
      const fault = requestFault(asked)
      if (fault) return fault
      const { parameters } = asked
      const token = await goodToken(parameters.get('subject_token') ?? '', parameters.get('subject_token_type') ?? '', asked)
      if (hasOwn(token, 'refusal')) return token
      if (hasOwn(token, 'own')) asked.note({ key: token.own.key.thumbprint })
      return grantToSubject(token, asked, { policy, sentAs, refreshTokens, isOwnByDefault: false, issuedTokenType: tokenTypes.accessToken })
    },
  }
}
