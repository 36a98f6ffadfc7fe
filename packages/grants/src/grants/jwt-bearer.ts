import { checkOptions, type FormParameters, hasOwn, kind, type OptionShape } from '@countersign/core'
import { type PresentedAssertion, readAssertion } from '../assertions/assertion.js'
import { issuerOf, judgeOwnAssertion, type OwnAssertion, type SentAssertion } from '../assertions/client-signed-assertion.js'
import { createEvenVerification } from '../assertions/stand-in-key.js'
import { type TrustedTokens, trustedKind, verifyTrusted } from '../assertions/trusted-token.js'
import { type Client, isClientId, isPublicClient } from '../clients/record/client.js'
import { refused, refusedAs, type TokenRefused } from '../refusal.js'
import type { ExchangePolicy } from './exchange-policy.js'
import { accessTokenLifetimeKind, type Grant, type GrantRequest, type Identification } from './grant.js'
import { type GoodToken, grantToSubject } from './grant-to-subject.js'
import { jwtBearerType } from './token-type.js'

/** Options of {@link jwtBearer}. */
export interface JwtBearerOptions {
  /**
   * Decides who gets a token for whom, itself included. Undefined denies.
   * @defaultValue a client gets tokens for itself, with assertions that it signs, and for nobody else
   */
  readonly policy?: ExchangePolicy
  /** Tokens of other issuers that are accepted as assertions; the client then authenticates itself. @defaultValue none */
  readonly trusted?: TrustedTokens
  /** The client behind an `iss`, where the request names none. @defaultValue the client with that id */
  readonly clientIdOf?: (issuer: string) => string | undefined | Promise<string | undefined>
  /** Life in seconds, unless the assertion ends before. @defaultValue that of the endpoint */
  readonly accessTokenLifetimeSeconds?: number
  /** Whether a refresh token comes with it, where the policy of the client gives one. @defaultValue false */
  readonly refreshTokens?: boolean
}

const shape: OptionShape<JwtBearerOptions> = {
  policy: kind.func,
  trusted: trustedKind,
  clientIdOf: kind.func,
  accessTokenLifetimeSeconds: accessTokenLifetimeKind,
  refreshTokens: kind.flag,
}

const sentAs = 'invalid_grant'
const sent: SentAssertion = { use: 'jwt_bearer', types: ['authorization-grant+jwt', 'jwt', ''] }

const readFrom = (parameters: FormParameters): ReturnType<typeof readAssertion> => readAssertion(parameters.get('assertion') ?? '')

/** A client that authenticated itself, or need not. Any other has to have signed the assertion. */
const isKnown = ({ client, secretId, key, certificate }: GrantRequest): boolean =>
  secretId !== undefined || key !== undefined || certificate?.isAuthentication === true || isPublicClient(client)

const itselfOnly: ExchangePolicy = ({ client, presented: { kind, issuer, subject } }) =>
  kind === 'client_signed' && (subject === issuer || subject === client.id)
    ? { allow: true, isPerson: false, subject: client.id }
    : { allow: false }

/**
 * Assertions as authorization grants (RFC 7523 §2.1), as service accounts use them: a JWT that the client signed with a
 * registered key, which is then enough to know the client, or one of a trusted issuer.
 *
 * @throws TypeError if an option is wrong
 */
export function jwtBearer(options: JwtBearerOptions = {}): Grant {
  checkOptions('jwtBearer', options, shape)
  const { policy = itselfOnly, trusted, clientIdOf, accessTokenLifetimeSeconds, refreshTokens = false } = options
  const verify = createEvenVerification()
  /** Assertions that identified the client of their request: they are judged once, not again when they are validated. */
  const identified = new WeakMap<FormParameters, OwnAssertion>()

  /** Whether the client has to have signed the assertion itself. */
  const isOwn = ({ claims }: PresentedAssertion, client: Client, isClientKnown: boolean): boolean =>
    claims.iss === issuerOf(client) || trusted === undefined || !isClientKnown

  const identification: Identification = {
    async named(parameters) {
      const read = readFrom(parameters)
      const iss = read.ok ? (read.claims.iss ?? '') : ''
      const id = clientIdOf ? await clientIdOf(iss) : iss
      return isClientId(id) ? id : undefined
    },
    unknown(parameters) {
      const read = readFrom(parameters)
      if (read.ok) verify(read.jws, undefined)
    },
    async reason(asked) {
      const read = readFrom(asked.parameters)
      // A public client need not identify itself: what somebody else signed is judged when it is validated.
      if (read.ok && !isOwn(read, asked.client, isPublicClient(asked.client))) return undefined
      const own = read.ok ? await judgeOwnAssertion(read, sent, { ...asked, verify }) : read
      if (!own.ok) return refusedAs(sentAs, own.reason)
      identified.set(asked.parameters, own)
      return undefined
    },
  }

  async function goodToken(text: string, read: PresentedAssertion, asked: GrantRequest): Promise<GoodToken | TokenRefused> {
    if (trusted === undefined || isOwn(read, asked.client, isKnown(asked))) {
      const own = identified.get(asked.parameters) ?? (await judgeOwnAssertion(read, sent, { ...asked, verify }))
      return own.ok ? { own, issuer: issuerOf(asked.client) } : refusedAs(sentAs, own.reason)
    }
    const verified = await verifyTrusted(text, trusted, asked)
    return verified.ok ? { auth: verified.auth, claims: verified.claims } : refusedAs(sentAs, verified.reason)
  }

  return {
    type: jwtBearerType,
    needsKeys: trusted === undefined,
    identification,
    ...(accessTokenLifetimeSeconds !== undefined && { accessTokenLifetimeSeconds }),
    async validate(asked) {
      const text = asked.parameters.get('assertion')
      if (text === undefined) return refused('missing_parameter')
      const read = readAssertion(text)
      if (!read.ok) return refusedAs(sentAs, read.reason)
      const token = await goodToken(text, read, asked)
      if (hasOwn(token, 'refusal')) return token
      if (hasOwn(token, 'own')) asked.note({ key: token.own.key.thumbprint })
      return grantToSubject(token, asked, { policy, sentAs, refreshTokens, isOwnByDefault: true })
    },
  }
}
