import { checkOptions, type JwtClaims, kind, type OptionShape, type RefusalDetail } from '@countersign/core'
import { createRefreshingKeys, documentUrl, loadJwks, type RemoteOptions, refreshTimes, remoteShape } from '@countersign/jwt/jwks'
import { type IssuerEntry, type IssuerRule, issuerRule, type RuleOptions } from './issuer-entry.js'
import { commonRuleShape, namesOrNull } from './rule-shape.js'
import { remotePlace } from './shared-sources.js'

/** Claims of an access token of Amazon Cognito. */
export interface CognitoAccessClaims extends JwtClaims {
  readonly sub: string
  readonly token_use: 'access'
  readonly client_id: string
  readonly username?: string
  readonly scope?: string
  readonly auth_time?: number
  readonly origin_jti?: string
  readonly 'cognito:groups'?: readonly string[]
}

/** Claims of an ID token of Amazon Cognito. */
export interface CognitoIdClaims extends JwtClaims {
  readonly sub: string
  readonly token_use: 'id'
  readonly aud: string
  readonly email?: string
  readonly auth_time?: number
  readonly 'cognito:username'?: string
  readonly 'cognito:groups'?: readonly string[]
}

const isUserPoolId = /^[a-z]{2}[a-z0-9-]{3,30}_[A-Za-z0-9]{1,55}$/

type Rule<Output extends object> = Pick<
  RuleOptions<'RS256', Output>,
  'clockToleranceSeconds' | 'maxAgeSeconds' | 'maxFutureIssuedSeconds' | 'schema' | 'scopes'
>

/** Options of {@link cognito}. */
export interface CognitoOptions<Use extends 'access' | 'id' = 'access', Output extends object = Record<never, never>>
  extends RemoteOptions,
    Rule<Output> {
  /** `<region>_<id>`, as the console shows it. */
  readonly userPoolId: string
  /** The app clients whose tokens are accepted; `null` turns the check off. */
  readonly clientId: string | readonly string[] | null
  /** One region, or several of a replicated pool. @defaultValue the region that the pool's id begins with */
  readonly region?: string | readonly string[]
  /** Which of the two kinds of token is accepted. @defaultValue `'access'` */
  readonly tokenUse?: Use
  /** Base URL of an emulator: the keys come from there, `iss` stays that of AWS unless `issuer` is given. */
  readonly endpoint?: string
  /** The exact `iss` of an emulator that names itself there, as some do. It replaces both forms of AWS and needs `endpoint`. */
  readonly issuer?: string
}

const shape: OptionShape<CognitoOptions<'access' | 'id', object>> = {
  userPoolId: kind.required(
    kind.satisfying('the id of a user pool, such as us-east-2_AbCdEfGhI', (id) => typeof id === 'string' && isUserPoolId.test(id)),
  ),
  clientId: kind.required(namesOrNull),
  region: kind.strings,
  tokenUse: kind.oneOf('access', 'id'),
  endpoint: kind.string,
  issuer: kind.string,
  ...commonRuleShape,
  ...remoteShape,
}

/** Where the keys of one region stand, and under which `iss` its tokens come. */
interface Region {
  readonly issuers: readonly string[]
  readonly base: string
}

function regionsOf({ userPoolId, region, endpoint, issuer }: CognitoOptions<'access' | 'id', object>): readonly Region[] {
  const regions = [region ?? userPoolId.slice(0, userPoolId.indexOf('_'))].flat()
  if (regions.length === 0 || !regions.every((name) => /^[a-z]{2}[a-z0-9-]{3,30}$/.test(name)))
    throw new TypeError(`cognito: region must be a region such as us-east-2, or several, got ${JSON.stringify(regions).slice(0, 200)}`)
  if (issuer !== undefined && endpoint === undefined)
    throw new TypeError('cognito: endpoint must be given with issuer, because a user pool of AWS has its own iss, got undefined')
  if (issuer !== undefined && regions.length > 1)
    throw new TypeError(`cognito: region must be one region where issuer is given, got ${regions.length} regions`)
  return regions.map((name) => {
    const domain = name.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
    const usual = `https://cognito-idp.${name}.${domain}/${userPoolId}`
    const issuers = issuer === undefined ? [usual, `https://issuer-cognito-idp.${name}.${domain}/${userPoolId}`] : [issuer]
    return { issuers, base: endpoint === undefined ? usual : `${endpoint.endsWith('/') ? endpoint.slice(0, -1) : endpoint}/${userPoolId}` }
  })
}

/** Cognito's access tokens carry no `aud`: the app client stands in `client_id`. */
function validateUse(use: 'access' | 'id', accepted: readonly string[] | null): NonNullable<IssuerRule['validate']> {
  return ({ token_use: said, client_id: clientId }) => {
    if (said !== use) return unmet('token_use', use, said)
    if (accepted === null || use === 'id') return undefined
    return typeof clientId === 'string' && accepted.includes(clientId) ? undefined : unmet('client_id', accepted.join(' '), clientId)
  }
}

function unmet(claim: string, expected: string, received: unknown): RefusalDetail {
  return { expected: `${claim} ${expected}`, ...(typeof received === 'string' && { received: `${claim} ${received}` }) }
}

/**
 * A user pool of Amazon Cognito, with both forms of its issuer in each region.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function cognito<const Use extends 'access' | 'id' = 'access', Output extends object = Record<never, never>>(
  options: CognitoOptions<Use, Output>,
): IssuerEntry<(Use extends 'access' ? CognitoAccessClaims : CognitoIdClaims) & Output> {
  checkOptions('cognito', options, shape)
  const use = options.tokenUse ?? 'access'
  const accepted = options.clientId === null ? null : [options.clientId].flat()
  const regions = regionsOf(options)
  const times = refreshTimes('cognito', options)
  const sources = regions.map(({ issuers, base }) => {
    const url = documentUrl(
      options.endpoint === undefined ? 'cognito: userPoolId' : 'cognito: endpoint',
      `${base}/.well-known/jwks.json`,
      options.allowInsecure ?? false,
    )
    return {
      issuers,
      place: remotePlace(url, options, times),
      open: (context: Parameters<typeof createRefreshingKeys>[2]) =>
        createRefreshingKeys(
          loadJwks(async () => url, options, context),
          times,
          context,
        ),
    }
  })
  const rule = issuerRule(
    'cognito',
    { ...options, algorithms: ['RS256'], audience: use === 'id' ? accepted : null },
    validateUse(use, accepted),
  )
  return { rule, sources }
}
