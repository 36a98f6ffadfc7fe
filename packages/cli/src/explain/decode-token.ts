/** What a token says of itself. Nothing of it is believed. */
export interface DecodedToken {
  readonly segments: number
  readonly header: Readonly<Record<string, unknown>> | undefined
  readonly claims: Readonly<Record<string, unknown>> | undefined
  readonly signatureBytes: number
  /** A signature of ECDSA in DER, which JWS does not use (RFC 7518 §3.4). */
  readonly isDer: boolean
}

function objectIn(segment: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Decodes leniently, to show what a token of the wrong form would have said. */
export function decodeToken(token: string): DecodedToken {
  const parts = token
    .slice(0, 65_536)
    .replaceAll(/^["']|["']$/g, '')
    .split('.')
  const signature = Buffer.from(parts[2] ?? '', 'base64url')
  return {
    segments: parts.length,
    header: objectIn(parts[0]),
    claims: parts.length === 5 ? undefined : objectIn(parts[1]),
    signatureBytes: signature.length,
    isDer: signature[0] === 0x30 && signature[1] === signature.length - 2,
  }
}

/** Claims that say nothing of a person: they are shown. */
const shown: readonly string[] = [
  'iss',
  'aud',
  'exp',
  'nbf',
  'iat',
  'client_id',
  'azp',
  'cid',
  'appid',
  'scope',
  'scp',
  'token_use',
  'ver',
  'auth_time',
  'acr',
]

const shownTexts = (value: unknown): unknown => (typeof value === 'string' || typeof value === 'number' ? value : undefined)

/** The claims as they are shown: of those that may be personal only the name. */
export function shownClaims(claims: Readonly<Record<string, unknown>>, all: boolean): readonly (readonly [string, string])[] {
  return Object.entries(claims).map(([name, value]) => {
    const list = Array.isArray(value) ? value.map(shownTexts).filter((one) => one !== undefined) : [shownTexts(value)]
    const isShown = all || (shown.includes(name) && list[0] !== undefined)
    if (!isShown) return [name, '(hidden: --show-claims shows it)']
    return [name, all && typeof value === 'object' ? JSON.stringify(value) : list.map(String).join(' ')]
  })
}
