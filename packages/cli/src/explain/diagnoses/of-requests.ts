import { atIssuer, atRequest, type Diagnose, type Diagnosis, inConfig, type RefusedCase, textOf } from './diagnosis.js'

const field = 'Authorization: Bearer <token>'

export const noCredentials: Diagnose = () =>
  atRequest(
    'The request has the scheme, but no token after it.',
    'Authorization: Bearer',
    `${field} — is the variable with the token empty?`,
  )

export const otherScheme: Diagnose = ({ detail }) =>
  atRequest(
    `The field Authorization has another scheme: ${detail.received ?? 'unknown'}.`,
    'Authorization: …',
    `${field} — the word Bearer and one space must stand before the token.`,
  )

export const malformedRequest: Diagnose = ({ detail }) => {
  const received = detail.received ?? ''
  if (received.includes('query'))
    return inConfig(
      'The token is in the query of the URL, which this guard does not read.',
      { options: ['tokenFrom', 'issuers'] },
      `send it as "${field}"; or set tokenFrom: { query: true } of createGuard, and know that logs keep URLs`,
    )
  return atRequest(
    `The request has ${received || 'its credentials in a wrong way'}.`,
    'Authorization: Bearer <token> …',
    `${field} — one field, one token, nothing after it. Was a line break or a second "Bearer" copied?`,
  )
}

export const tooLarge: Diagnose = ({ detail }) =>
  inConfig(
    `The token is too large: ${detail.received ?? ''} bytes, ${detail.expected ?? ''}.`,
    { options: ['maxTokenBytes', 'issuers'] },
    'let the issuer put less into it, for instance fewer groups; or raise maxTokenBytes of createGuard',
  )

/** By what `detail.received` says of the form. */
const forms: readonly (readonly [string, (refused: RefusedCase) => Diagnosis])[] = [
  [
    'the word',
    ({ detail }) =>
      atRequest(
        `In place of a token there is ${detail.received ?? ''}.`,
        'Authorization: Bearer undefined',
        'wait for the token before the request is sent: the variable was not set',
      ),
  ],
  [
    'quotation marks',
    () =>
      atRequest(
        'The token is in quotation marks.',
        'Authorization: Bearer "…"',
        'Authorization: Bearer … — without the quotation marks; a JSON text must be parsed first',
      ),
  ],
  [
    'opaque',
    () =>
      atIssuer(
        'The token is one segment: an opaque token, which only its issuer can judge. This guard verifies JWTs.',
        'request a JWT as access token (often: name the API as audience or resource in the request)',
      ),
  ],
  [
    'encrypted',
    () =>
      atIssuer(
        'The token is encrypted (JWE, five segments). Only the holder of the key can read it.',
        'turn the encryption of access tokens off for this client',
      ),
  ],
  [
    'one is empty',
    () =>
      atRequest(
        'One of the three segments is empty: a part of the token is missing.',
        'Authorization: Bearer <header>.<claims>.<signature>',
        'send the whole token: the signature belongs to it',
      ),
  ],
  [
    'not ASCII',
    () =>
      atRequest(
        'The token has characters that no token has. It was changed on its way.',
        'Authorization: Bearer <token>',
        'copy it again; an editor may have put in dots, dashes or spaces',
      ),
  ],
  [
    'segments',
    ({ detail }) =>
      atRequest(
        `A JWT has three segments; this has ${detail.received ?? ''}.`,
        'Authorization: Bearer <token>',
        'send the whole token: it was cut off, or two were joined',
      ),
  ],
]

export const malformed: Diagnose = (refused) => {
  const received = refused.detail.received ?? ''
  const known = forms.find(([part]) => received.includes(part))
  if (known) return known[1](refused)
  return atRequest(
    `The token cannot be read: expected ${refused.detail.expected ?? 'a JWT'}, received ${received || 'something else'}.`,
    'Authorization: Bearer <token>',
    'copy it again, without changes: each segment is base64url without "=", "+" and "/", and holds one JSON object',
  )
}

export const badHeader: Diagnose = ({ detail }) =>
  atIssuer(
    `The header of the token is wrong: expected ${detail.expected ?? ''}, received ${detail.received ?? ''}.`,
    `sign with a header in which that is right (RFC 7515 §4.1)`,
  )

export const badClaims: Diagnose = ({ detail, token }) => {
  const { claims } = token
  const expected = detail.expected ?? ''
  if (expected.startsWith('iss'))
    return atIssuer(
      'The token does not say who issued it: the claim iss is missing or not a text.',
      'put iss into the token; it must be exactly what the entry says',
    )
  const inMilliseconds = ['exp', 'nbf', 'iat'].find((name) => typeof claims?.[name] === 'number' && Number(claims[name]) > 100_000_000_000)
  if (inMilliseconds !== undefined)
    return atIssuer(`${inMilliseconds} is in milliseconds. JWT times are in seconds.`, `divide ${inMilliseconds} by 1000, and round it`)
  if (detail.received === 'nothing') {
    const name = expected.split(':', 1)[0] ?? ''
    const why = name === 'iat' ? ' It is needed, because the entry has maxAgeSeconds.' : ''
    return atIssuer(`The claim ${name} is missing.${why}`, `put ${name} into each token`)
  }
  return atIssuer(
    `A claim has a wrong type: expected ${expected}, received ${detail.received ?? ''}.`,
    'send the type that RFC 7519 §4.1 says',
  )
}

export const outage: Diagnose = ({ reason, via, cause }) => {
  const message = cause instanceof Error ? cause.message : 'no further cause is known'
  if (reason === 'key_source_unavailable')
    return inConfig(
      `The keys of the issuer cannot be had: ${message}.`,
      { via, options: ['url', 'issuer', 'userPoolId', 'endpoint'] },
      'is the address right, and can this machine reach it? countersign doctor tells more',
    )
  return inConfig(
    `A store that the guard needs cannot be reached: ${message}.`,
    { options: ['revocations', 'stores', 'issuers'] },
    'is the store running, and does this machine reach it? countersign doctor tells more',
  )
}

export const insufficientScope: Diagnose = ({ detail, token }) => {
  const client = textOf(token.claims, 'client_id') || textOf(token.claims, 'azp')
  return atIssuer(
    `The token lacks a scope: the route needs ${detail.expected ?? ''}, the token has ${detail.received || 'none'}.`,
    `request the scope${client === '' ? '' : `, and allow it to the client ${client}`}`,
  )
}
