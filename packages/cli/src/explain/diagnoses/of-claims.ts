import { atIssuer, atRequest, type Diagnose, inConfig, textOf } from './diagnosis.js'

/** The seconds in a text such as `exp 12.5 s ago`. */
const secondsIn = (text: string | undefined): number => Number(/(-?[\d.]+) s\b/.exec(text ?? '')?.[1] ?? Number.NaN)

/** Differences of clocks that happen. */
const clocksDiffer = 300
const inMilliseconds = 100_000_000_000

export const expired: Diagnose = ({ detail, via }) => {
  const ago = secondsIn(detail.received)
  if (ago < clocksDiffer)
    return inConfig(
      `The token has expired: ${detail.received ?? ''}. That is little: the clocks may differ, or the client uses a token to its last second.`,
      { via, options: ['clockToleranceSeconds', 'issuer', 'userPoolId'] },
      `set the clocks by NTP, and let the client get a new token earlier; clockToleranceSeconds: ${Math.ceil(ago) + 5} would accept it`,
    )
  return atRequest(
    `The token has expired: ${detail.received ?? ''}.`,
    'Authorization: Bearer <token>',
    'get a new token; the client must do that before exp, and after a 401',
  )
}

export const notYetValid: Diagnose = ({ detail, via }) =>
  inConfig(
    `The token is not valid yet: ${detail.received ?? ''}. The clock of this machine is behind that of the issuer, or the issuer sets nbf into the future.`,
    { via, options: ['clockToleranceSeconds', 'issuer', 'userPoolId'] },
    `set the clocks by NTP; clockToleranceSeconds: ${Math.min(3600, Math.ceil(secondsIn(detail.received)) + 5)} would accept it`,
  )

export const issuedInFuture: Diagnose = ({ detail, via, token }) => {
  const iat = token.claims?.iat
  if (typeof iat === 'number' && iat > inMilliseconds)
    return atIssuer('iat is in milliseconds. JWT times are in seconds.', 'divide iat by 1000, and round it')
  return inConfig(
    `The token was issued in the future: ${detail.received ?? ''}. The clock of this machine is behind that of the issuer.`,
    { via, options: ['maxFutureIssuedSeconds', 'clockToleranceSeconds', 'issuer', 'userPoolId'] },
    `set the clocks by NTP; maxFutureIssuedSeconds: ${Math.ceil(secondsIn(detail.received)) + 5} would accept it`,
  )
}

export const tooOld: Diagnose = ({ detail, via }) =>
  inConfig(
    `The token is older than this entry allows: ${detail.received ?? ''}; ${detail.expected ?? ''}.`,
    { via, options: ['maxAgeSeconds'] },
    'let the client get a new token; or raise maxAgeSeconds',
  )

const listOf = (value: unknown): readonly string[] => [value].flat().filter((one) => typeof one === 'string')

export const otherAudience: Diagnose = ({ detail, via, token, issuers }) => {
  const { claims } = token
  const accepted = issuers.find((one) => one.via === via)?.audience ?? []
  const received = listOf(claims?.aud)
  const at = { via, options: ['audience', 'resource', 'clientId'] }
  const now = `[${[...accepted, ...received]
    .slice(0, 5)
    .map((one) => `'${one}'`)
    .join(', ')}]`
  if (received.length === 0)
    return inConfig(
      `The token has no aud; the entry accepts ${accepted.join(', ')}.`,
      at,
      'let the client name this API when it requests the token (audience or resource). audience: null accepts tokens for every API of the issuer',
    )
  const client = textOf(claims, 'client_id') || textOf(claims, 'azp')
  if (
    claims?.nonce !== undefined ||
    claims?.at_hash !== undefined ||
    (client === '' && textOf(token.header, 'typ').toLowerCase() === 'jwt' && claims?.auth_time !== undefined)
  )
    return inConfig(
      `It is an ID token: aud is the client (${received.join(', ')}), not this API.`,
      at,
      'let the client send its access token: an ID token is for the client alone',
    )
  if (client !== '' && received.includes(client))
    return inConfig(
      `aud is the client itself (${client}): the client did not say for which API it wants the token.`,
      at,
      `let the client request the token for ${accepted.join(', ')} (audience or resource)`,
    )
  const slash = accepted.find((one) => received.some((other) => other !== one && other.replace(/\/$/, '') === one.replace(/\/$/, '')))
  if (slash !== undefined)
    return inConfig(`aud differs by a slash at the end: received ${received.join(', ')}, expected ${slash}.`, at, `audience: ${now}`)
  return inConfig(
    `The token is for another API: aud is ${detail.received ?? ''}, the entry accepts ${accepted.join(', ')}.`,
    at,
    `request a token for this API; or audience: ${now}, if tokens for that one may be used here`,
  )
}

const otherUses: Readonly<Record<string, string>> = {
  'id_token+jwt': 'an ID token',
  'logout+jwt': 'a logout token',
  'dpop+jwt': 'a DPoP proof, not the token',
  'secevent+jwt': 'a security event',
  'refresh+jwt': 'a refresh token',
  'token-introspection+jwt': 'an answer of introspection',
}

export const otherType: Diagnose = ({ detail, via }) => {
  const received = detail.received ?? ''
  const use = otherUses[received]
  if (use !== undefined)
    return atRequest(`typ is ${JSON.stringify(received)}: it is ${use}.`, 'Authorization: Bearer <token>', 'send the access token')
  return inConfig(
    `The token has another typ: received ${JSON.stringify(received)}, the entry accepts ${detail.expected ?? ''}.`,
    { via, options: ['typ', 'issuer'] },
    `typ: '${received}', if the access tokens of this issuer have that typ`,
  )
}

export const schemaRefused: Diagnose = ({ detail, via }) =>
  inConfig(
    `The schema of the entry does not accept the claims: ${detail.expected ?? ''}.`,
    { via, options: ['schema'] },
    'let the issuer send these claims as the schema wants them, or make the schema accept what it sends',
  )

export const notProved: Diagnose = ({ detail, via }) => {
  const expected = detail.expected ?? ''
  if (detail.received === 'cnf')
    return inConfig(
      'The token is bound to a key (cnf), and this guard does not check proofs of keys.',
      { options: ['senderConstraint', 'issuers'] },
      'senderConstraint: { dpop: { … } } of createGuard (docs/dpop.md); or let the client get a token that is not bound',
    )
  if (expected.includes('cnf.jkt'))
    return inConfig(
      'The entry demands tokens that are bound to a key, and this one is not.',
      { via, options: ['senderConstraint'] },
      'let the client send a DPoP proof when it gets its token',
    )
  if (detail.received === 'the scheme DPoP')
    return inConfig(
      'The request has the scheme DPoP, and this guard does not check proofs of keys.',
      { options: ['senderConstraint', 'issuers'] },
      'senderConstraint: { dpop: { … } } of createGuard (docs/dpop.md)',
    )
  return atRequest(
    `The token is bound to a key, and the request does not prove it: expected ${expected}, received ${detail.received ?? ''}.`,
    'Authorization: Bearer <token>',
    'Authorization: DPoP <token>, and a field DPoP with a proof',
  )
}

export const badProof: Diagnose = ({ detail }) =>
  atRequest(
    `The DPoP proof is refused: ${detail.expected === undefined ? 'see the reason' : `expected ${detail.expected}, received ${detail.received ?? 'another one'}`}.`,
    'DPoP: <proof>',
    'a proof that was made for this request and this token (RFC 9449 §4.3); explain takes --method and --url of the request',
  )

const ends: Readonly<Record<string, string>> = {
  revoked_token: 'This token, or the family of refresh tokens that it came with, was revoked.',
  revoked_subject: 'All tokens of its subject from before an instant were revoked.',
  revoked_client: 'Its client is locked.',
  revoked_key: 'The key that signed it was revoked.',
  unprovable: 'The token is older than what the denylist remembers: nobody can tell whether it was revoked.',
}

export const revoked: Diagnose = ({ reason }) => {
  const cause = ends[reason] ?? 'The token was ended.'
  if (reason === 'revoked_client')
    return atRequest(cause, 'Authorization: Bearer <token>', 'countersign clients unlock <id>, then a new token')
  return atRequest(cause, 'Authorization: Bearer <token>', 'get a new token; what is revoked does not come back')
}
