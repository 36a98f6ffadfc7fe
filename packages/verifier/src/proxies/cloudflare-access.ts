import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { type RemoteOptions, remoteShape } from '@countersign/jwt/jwks'
import type { IssuerEntry } from '../issuers/issuer-entry.js'
import { jwks } from '../issuers/jwks.js'
import { commonRuleShape } from '../issuers/rule-shape.js'
import type { ProxyEntry } from './proxy-entry.js'

/** Options of {@link cloudflareAccess}. */
export interface CloudflareAccessOptions extends RemoteOptions {
  /** The name of the team: what stands before `.cloudflareaccess.com`. */
  readonly team: string
  /** The audience tag (AUD) of the application, or several. */
  readonly audience: string | readonly string[]
  /** How far the clock of Cloudflare may differ, in seconds. @defaultValue 5 */
  readonly clockToleranceSeconds?: number
}

const isTeam = (value: unknown): boolean => typeof value === 'string' && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value)

const shape: OptionShape<CloudflareAccessOptions> = {
  team: kind.required(kind.satisfying('the name of a team, without .cloudflareaccess.com', isTeam)),
  audience: kind.required(kind.strings),
  clockToleranceSeconds: commonRuleShape.clockToleranceSeconds,
  ...remoteShape,
}

/**
 * An application behind Cloudflare Access. The token comes in `Cf-Access-Jwt-Assertion`.
 *
 * @throws TypeError if an option is missing or wrong
 * @example
 * ```ts
 * import { cloudflareAccess, createGuard } from '@countersign/verifier'
 *
 * const access = cloudflareAccess({ team: 'example', audience: '4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2' })
 * const guard = createGuard({ issuers: { access }, tokenFrom: access.tokenFrom })
 * ```
 */
export function cloudflareAccess(options: CloudflareAccessOptions): ProxyEntry {
  checkOptions('cloudflareAccess', options, shape)
  const { team, ...rest } = options
  const issuer = `https://${team}.cloudflareaccess.com`
  const entry: IssuerEntry = jwks({ ...rest, issuer, url: `${issuer}/cdn-cgi/access/certs`, algorithms: ['RS256'] })
  return { ...entry, tokenFrom: { header: 'cf-access-jwt-assertion' } }
}
