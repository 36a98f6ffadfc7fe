import type { IssuerDescription, Reason, RefusalDetail } from '@countersign/core'
import { type DecodedToken, decodeToken } from './decode-token.js'

/** One step of the guard, in its order. */
export interface Step {
  readonly name: string
  readonly outcome: 'passed' | 'refused' | 'unknown' | 'not reached'
  readonly expected: string
  readonly received: string
}

interface StepKind {
  readonly name: string
  /** The reasons with which it refuses. */
  readonly reasons: readonly Reason[]
  expected(issuer: IssuerDescription | undefined): string
  received(token: DecodedToken): string
}

const text = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'number'
      ? String(value)
      : Array.isArray(value)
        ? value.filter((one) => typeof one === 'string').join(' ')
        : ''

const listed = (names: readonly string[] | null | undefined): string =>
  names === null ? 'every one' : (names ?? []).map((name) => name || '(none)').join(' ')

const instant = (name: string, value: unknown): string =>
  typeof value === 'number' && Math.abs(value) < 8_640_000_000_000 ? `${name} ${new Date(value * 1000).toISOString()}` : ''

const nothing = (): string => ''

const kinds: readonly StepKind[] = [
  { name: 'credentials', reasons: ['no_credentials', 'scheme', 'malformed_request'], expected: () => 'one token', received: nothing },
  {
    name: 'form',
    reasons: ['too_large', 'malformed', 'header', 'claims'],
    expected: () => 'a JWS of three segments',
    received: ({ segments }) => `${segments} ${segments === 1 ? 'segment' : 'segments'}`,
  },
  { name: 'issuer', reasons: ['unknown_issuer'], expected: (issuer) => issuer?.issuer ?? '', received: ({ claims }) => text(claims?.iss) },
  {
    name: 'algorithm',
    reasons: ['algorithm'],
    expected: (issuer) => listed(issuer?.algorithms),
    received: ({ header }) => text(header?.alg),
  },
  {
    name: 'key',
    reasons: ['unknown_key', 'key_source_unavailable'],
    expected: () => 'a key of the issuer',
    received: ({ header }) => `kid ${text(header?.kid) || '(none)'}`,
  },
  {
    name: 'signature',
    reasons: ['signature'],
    expected: () => 'made with that key',
    received: ({ signatureBytes }) => `${signatureBytes} bytes`,
  },
  {
    name: 'times',
    reasons: ['expired', 'not_yet_valid', 'issued_in_future', 'too_old'],
    expected: (issuer) => (issuer ? `clockToleranceSeconds ${issuer.clockToleranceSeconds}` : ''),
    received: ({ claims }) =>
      ['iat', 'nbf', 'exp']
        .map((name) => instant(name, claims?.[name]))
        .filter((one) => one !== '')
        .join(', '),
  },
  {
    name: 'audience',
    reasons: ['audience'],
    expected: (issuer) => listed(issuer?.audience),
    received: ({ claims }) => text(claims?.aud) || '(none)',
  },
  {
    name: 'type',
    reasons: ['token_type'],
    expected: (issuer) => listed(issuer?.types),
    received: ({ header }) => text(header?.typ) || '(none)',
  },
  { name: 'issuer rule', reasons: ['issuer_rule'], expected: nothing, received: nothing },
  {
    name: 'binding',
    reasons: ['confirmation'],
    expected: nothing,
    received: ({ claims }) => (claims?.cnf === undefined ? 'bound to no key' : 'cnf'),
  },
  { name: 'schema', reasons: ['schema'], expected: nothing, received: nothing },
  {
    name: 'revocation',
    reasons: ['revoked_key', 'revoked_token', 'revoked_subject', 'revoked_client', 'unprovable', 'revocation_unavailable'],
    expected: () => 'not revoked',
    received: nothing,
  },
  { name: 'proof', reasons: [], expected: nothing, received: nothing },
  {
    name: 'route',
    reasons: ['insufficient_scope', 'wrong_issuer', 'forbidden', 'too_many'],
    expected: nothing,
    received: ({ claims }) => text(claims?.scope ?? claims?.scp),
  },
]

/** What came of a token. */
export interface StepsInput {
  readonly token: string
  /** Undefined if it is admitted. */
  readonly reason: Reason | undefined
  readonly detail: RefusalDetail
  readonly issuer: IssuerDescription | undefined
}

const failedAt = (reason: Reason): number =>
  kinds.findIndex(({ name, reasons }) => reasons.includes(reason) || (name === 'proof' && reason.startsWith('proof_')))

/** The steps of the guard, with what each expected and received. A step after the one that refused was not reached. */
export function stepsOf({ token, reason, detail, issuer }: StepsInput): readonly Step[] {
  const decoded = decodeToken(token)
  const failed = reason === undefined ? kinds.length : failedAt(reason)
  // A reason of a requirement of the host's belongs to the route.
  const last = failed === -1 ? kinds.length - 1 : failed
  return kinds.map((kind, at) => {
    if (at > last) return { name: kind.name, outcome: 'not reached', expected: '', received: '' }
    const [expected, received] = [kind.expected(issuer), kind.received(decoded)]
    if (at < last) return { name: kind.name, outcome: 'passed', expected, received }
    const outcome = reason?.endsWith('_unavailable') ? 'unknown' : 'refused'
    return { name: kind.name, outcome, expected: detail.expected ?? expected, received: detail.received ?? received }
  })
}
