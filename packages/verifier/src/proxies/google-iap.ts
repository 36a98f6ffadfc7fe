import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { type RemoteOptions, remoteShape } from '@countersign/jwt/jwks'
import type { IssuerEntry } from '../issuers/issuer-entry.js'
import { jwks } from '../issuers/jwks.js'
import { commonRuleShape } from '../issuers/rule-shape.js'
import type { ProxyEntry } from './proxy-entry.js'

/** Options of {@link googleIap}. */
export interface GoogleIapOptions extends RemoteOptions {
  /** For instance `/projects/123456789/global/backendServices/987654321`, or several. */
  readonly audience: string | readonly string[]
  /** How far the clock of Google may differ, in seconds. @defaultValue 30, as Google says */
  readonly clockToleranceSeconds?: number
}

const shape: OptionShape<GoogleIapOptions> = {
  audience: kind.required(kind.strings),
  clockToleranceSeconds: commonRuleShape.clockToleranceSeconds,
  ...remoteShape,
}

/**
 * An application behind Google Identity-Aware Proxy. The token comes in `X-Goog-Iap-Jwt-Assertion`.
 *
 * @throws TypeError if an option is missing or wrong
 * @example
 * ```ts
 * import { createGuard, googleIap } from '@countersign/verifier'
 *
 * const iap = googleIap({ audience: '/projects/123456789/apps/example' })
 * const guard = createGuard({ issuers: { iap }, tokenFrom: iap.tokenFrom })
 * ```
 */
export function googleIap(options: GoogleIapOptions): ProxyEntry {
  checkOptions('googleIap', options, shape)
  const entry: IssuerEntry = jwks({
    clockToleranceSeconds: 30,
    ...options,
    issuer: 'https://cloud.google.com/iap',
    url: 'https://www.gstatic.com/iap/verify/public_key-jwk',
    algorithms: ['ES256'],
  })
  return { ...entry, tokenFrom: { header: 'x-goog-iap-jwt-assertion' } }
}
