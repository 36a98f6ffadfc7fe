import type { IssuerDescription } from '@countersign/core'
import { atIssuer, atRequest, type Diagnose, type Diagnosis, inConfig, type RefusedCase, textOf } from './diagnosis.js'

const issuerOptions = ['issuer', 'userPoolId', 'region', 'url', 'keys']

const withoutSlash = (text: string): string => (text.endsWith('/') ? text.slice(0, -1) : text)
const withoutScheme = (text: string): string => text.replace(/^https?:\/\//, '')

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** The pool of a user pool's issuer, whichever region and form. */
const poolOf = (text: string): string | undefined =>
  /^https:\/\/(?:issuer-)?cognito-idp\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([\w-]+)$/.exec(text)?.[2]

/** The tenant in an issuer of Microsoft Entra, in version 1 or 2. */
const entraTenant = (text: string): string | undefined =>
  /^https:\/\/(?:sts\.windows\.net|login\.microsoftonline\.com)\/([^/]+)\//.exec(`${withoutSlash(text)}/`)?.[1]

type Likeness = (received: string, known: string) => string | undefined

/** How an `iss` differs from one that is trusted; the surest first. */
const likenesses: readonly Likeness[] = [
  (received, known) => (withoutSlash(received) === withoutSlash(known) ? 'It differs by a slash at the end.' : undefined),
  (received, known) => (received.trim() === known ? 'It differs by spaces around it.' : undefined),
  (received, known) => (received.toLowerCase() === known.toLowerCase() ? 'It differs by upper and lower case.' : undefined),
  (received, known) => (withoutScheme(received) === withoutScheme(known) ? 'It differs by http and https.' : undefined),
  (received, known) =>
    poolOf(received) !== undefined && poolOf(received) === poolOf(known) ? 'It is the same user pool in another region.' : undefined,
  (received, known) => (poolOf(received) !== undefined && poolOf(known) !== undefined ? 'It is another user pool.' : undefined),
  (received, known) =>
    entraTenant(received) !== undefined && entraTenant(received) === entraTenant(known)
      ? 'It is the same tenant of Microsoft Entra by another version of the endpoint (v1 and v2 have different issuers).'
      : undefined,
  (received, known) =>
    /[{}]/.test(received) && urlOf(received)?.host === urlOf(known)?.host ? 'It is a template, not the issuer of a tenant.' : undefined,
  (received, known) =>
    urlOf(received)?.host !== undefined && urlOf(received)?.host === urlOf(known)?.host
      ? 'It is on the same host under another path: another tenant, realm or version?'
      : undefined,
  (received, known) =>
    urlOf(received)?.hostname !== undefined && urlOf(received)?.hostname === urlOf(known)?.hostname
      ? 'It is the same host on another port.'
      : undefined,
]

function nearest(
  received: string,
  issuers: readonly IssuerDescription[],
): { readonly entry: IssuerDescription; readonly how: string } | undefined {
  for (const likeness of likenesses) {
    for (const entry of issuers) {
      const how = likeness(received, entry.issuer)
      if (how !== undefined) return { entry, how }
    }
  }
  return undefined
}

export const unknownIssuer: Diagnose = ({ detail, issuers }) => {
  const received = detail.received ?? ''
  const near = nearest(received, issuers)
  if (near === undefined)
    return inConfig(
      `No entry has the issuer ${JSON.stringify(received)}. Known are: ${issuers.map(({ issuer }) => issuer).join(', ') || 'none'}.`,
      { options: ['issuers', 'trust', 'server', 'guard'] },
      'add an entry for it if you trust it; else the token is of another environment',
    )
  const { entry, how } = near
  return inConfig(
    `The issuer of the token is ${JSON.stringify(received)}, the entry ${JSON.stringify(entry.via)} has ${JSON.stringify(entry.issuer)}. ${how}`,
    { via: entry.via, options: issuerOptions },
    `${JSON.stringify(received)}, exactly, if that is the issuer that you trust`,
  )
}

/** The description of the entry that the token belongs to. */
function entryOf({ via, issuers, token }: RefusedCase): IssuerDescription | undefined {
  const iss = textOf(token.claims, 'iss')
  return issuers.find((one) => one.via === via && one.issuer === iss) ?? issuers.find((one) => one.via === via)
}

export const otherAlgorithm: Diagnose = (refused) => {
  const { detail, via } = refused
  const received = detail.received ?? ''
  const accepted = entryOf(refused)?.algorithms ?? []
  if (received.toLowerCase() === 'none')
    return atRequest(
      'The token is not signed: alg is none.',
      'Authorization: Bearer <token>',
      'send a signed token. No config makes an unsigned one acceptable',
    )
  if (received.startsWith('HS') && !accepted.some((one) => one.startsWith('HS')))
    return atIssuer(
      `The token is signed with a secret (${received}), the entry ${JSON.stringify(via)} has public keys (${accepted.join(', ')}).`,
      'sign with the private key. Never add HS… beside public keys: everybody knows them',
    )
  if (via === undefined)
    return atIssuer(
      `The algorithm ${JSON.stringify(received)} is not one that is supported.`,
      'sign with RS256, ES256, EdDSA or another algorithm of RFC 7518 §3.1 and RFC 8037',
    )
  return inConfig(
    `The token is signed with ${received}, the entry ${JSON.stringify(via)} accepts ${accepted.join(', ')}.`,
    { via, options: ['algorithms'] },
    `algorithms: [${[...accepted, received].map((one) => `'${one}'`).join(', ')}], if the issuer signs with it on purpose`,
  )
}

export const unknownKey: Diagnose = (refused) => {
  const { detail, via } = refused
  const entry = entryOf(refused)
  const kid = textOf(refused.token.header, 'kid')
  const which =
    kid === ''
      ? `no kid, and no key of the issuer fits ${textOf(refused.token.header, 'alg')}`
      : `the kid ${JSON.stringify(kid.slice(0, 100))}, which the issuer does not have`
  return inConfig(
    `The token names ${which}. The issuer has: ${detail.expected || 'none'}.`,
    { via, options: entry?.isRemote === true ? ['url', 'issuer', 'userPoolId', 'endpoint'] : ['keys', 'secrets', 'issuer'] },
    entry?.isRemote === true
      ? 'is this the key set of the environment that the token came from? After a rotation, get a new token'
      : 'add the public key with this kid, or remove the kid from the key that you gave',
  )
}

export const badSignature: Diagnose = (refused) => {
  const { token, via } = refused
  const entry = entryOf(refused)
  const algorithm = textOf(token.header, 'alg')
  if (algorithm.startsWith('ES') && token.isDer)
    return atIssuer(
      'The signature is in DER. JWS has R and S one after the other (RFC 7518 §3.4).',
      "sign with dsaEncoding: 'ieee-p1363', or with a JOSE library",
    )
  const whole: Readonly<Record<string, number>> = {
    ES256: 64,
    ES384: 96,
    ES512: 132,
    HS256: 32,
    HS384: 48,
    HS512: 64,
    EdDSA: 64,
    Ed25519: 64,
  }
  const bytes = whole[algorithm] ?? Math.max(token.signatureBytes, 256)
  if (token.signatureBytes !== bytes)
    return atRequest(
      `The signature has ${token.signatureBytes} bytes, ${algorithm} has ${bytes}: the token was cut off or changed.`,
      'Authorization: Bearer <header>.<claims>.<signature>',
      'send the whole token, as the issuer gave it',
    )
  if (algorithm.startsWith('HS'))
    return inConfig(
      'The secret of the entry did not sign this token.',
      { via, options: ['secrets'] },
      'the same secret as the issuer has. A string counts as its UTF-8 bytes: decode base64 or hex first',
    )
  return inConfig(
    'The key that the token names did not sign it: the token was changed, or another key has this kid.',
    { via, options: entry?.isRemote === true ? ['url', 'issuer', 'userPoolId'] : ['keys'] },
    entry?.isRemote === true
      ? 'is this the key set of the environment that the token came from? If it is, the token was changed after it was signed'
      : 'the public key that belongs to the private key of the issuer',
  )
}

function cognitoDiagnosis({ via, detail, token }: RefusedCase): Diagnosis | undefined {
  const expected = detail.expected ?? ''
  if (expected.startsWith('token_use')) {
    const wants = expected.replace('token_use ', '')
    const has = textOf(token.claims, 'token_use') || 'none'
    return inConfig(
      `The token is for another use: the entry takes tokens with token_use ${wants}, the token has ${has}.`,
      { via, options: ['tokenUse', 'userPoolId'] },
      `let the client send its ${wants} token. Only if this API wants the other kind: tokenUse: '${has}'`,
    )
  }
  if (expected.startsWith('client_id'))
    return inConfig(
      `The token belongs to another app client: ${detail.received ?? 'none'}; expected ${expected}.`,
      { via, options: ['clientId'] },
      `clientId: [${[...expected.split(' ').slice(1), textOf(token.claims, 'client_id')].map((one) => `'${one}'`).join(', ')}], if this client may use the API`,
    )
  return undefined
}

export const issuerRule: Diagnose = (refused) =>
  cognitoDiagnosis(refused) ??
  inConfig(
    `The token breaks a rule of its entry: expected ${refused.detail.expected ?? ''}, received ${refused.detail.received ?? 'something else'}.`,
    { via: refused.via, options: ['validate', 'issuer'] },
    'see the options of the preset that made the entry',
  )
