import { type Auth, originQueries, type RevocationQuery } from '@countersign/core'
import { parseJwt, verifySignature } from '@countersign/jwt'
import { badge, nameOf, timeOf } from '../../html/elements.js'
import { form } from '../../html/forms.js'
import { type Content, type Html, html } from '../../html/html.js'
import type { KnownParts } from '../../screen/parts.js'
import type { Change, Screen, Visit } from '../../screen/screen.js'

type Parsed = Extract<ReturnType<typeof parseJwt>, { ok: true }>

/** One thing that was looked at. */
interface Finding {
  readonly kind: 'good' | 'warn' | 'bad' | 'plain'
  readonly word: string
  readonly text: Content
}

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const stringsOf = (...values: readonly unknown[]): readonly string[] =>
  values.flat().filter((one): one is string => typeof one === 'string')

function times({ claims }: Parsed, now: number): readonly Finding[] {
  const { exp, nbf, iat } = claims
  const of = (kind: Finding['kind'], word: string, text: Content): readonly Finding[] => [{ kind, word, text }]
  return [
    ...(exp === undefined
      ? of('bad', 'no end', 'It has no exp. Guards refuse it.')
      : of(exp > now ? 'good' : 'bad', exp > now ? 'not expired' : 'expired', html`exp: ${timeOf(exp)} UTC`)),
    ...(nbf !== undefined && nbf > now ? of('bad', 'too early', html`nbf: ${timeOf(nbf)} UTC`) : []),
    ...(iat === undefined ? [] : of(iat > now + 60 ? 'bad' : 'plain', 'issued', html`iat: ${timeOf(iat)} UTC`)),
  ]
}

async function signature({ jws, claims }: Parsed, { keys, clients }: KnownParts): Promise<readonly Finding[]> {
  const isOwn = claims.iss !== undefined && clients?.issuers?.includes(claims.iss) === true
  if (!isOwn || keys === undefined) {
    const text = 'Another issuer signed it. Its keys are elsewhere, and nobody is asked here: the signature was not checked.'
    return [{ kind: 'warn', word: 'not checked', text: html`${text} Issuer: ${nameOf(claims.iss ?? 'none')}` }]
  }
  const { kid, alg } = jws.header
  const known = (await keys.signing.list()).find((key) => key.kid === kid)
  const answer = await keys.source.find({ kid, algorithm: alg })
  const candidates = answer.key === undefined ? (answer.candidates ?? []) : [answer.key]
  const state: readonly Finding[] =
    known === undefined
      ? []
      : [
          {
            kind: known.state === 'revoked' || known.state === 'retired' ? 'bad' : 'good',
            word: known.state,
            text: 'The state of its key.',
          },
        ]
  if (candidates.length === 0)
    return [...state, { kind: 'bad', word: 'unknown key', text: 'This server accepts no key of this name and algorithm.' }]
  const isGood = candidates.some((key) => verifySignature(jws, key))
  return [
    ...state,
    { kind: isGood ? 'good' : 'bad', word: isGood ? 'good signature' : 'bad signature', text: 'Checked with the keys of this server.' },
  ]
}

async function revocation({ jws, claims }: Parsed, { revocations, clients }: KnownParts): Promise<readonly Finding[]> {
  const clientId = stringOf(claims.client_id ?? claims.azp ?? claims.cid ?? claims.appid)
  const query: RevocationQuery = {
    issuer: claims.iss ?? '',
    kid: jws.header.kid,
    thumbprint: undefined,
    jti: claims.jti,
    subject: claims.sub,
    clientId,
    clientKeys: stringsOf(claims.client_key, claims.client_credential),
    family: stringOf(claims.refresh_family),
    issuedAt: claims.iat,
    expiresAt: claims.exp,
    origins: originQueries(claims),
  }
  const reason = await revocations?.check(query)
  const isOwn = clients?.issuers?.includes(claims.iss ?? '') === true
  const [client] = isOwn && clientId !== undefined ? ((await clients?.findMany([clientId])) ?? []) : []
  return [
    ...(revocations === undefined
      ? []
      : [
          reason === undefined
            ? ({ kind: 'good', word: 'not revoked', text: 'It is not on the denylist.' } as const)
            : ({ kind: 'bad', word: 'revoked', text: html`<code>${reason}</code>` } as const),
        ]),
    ...(client === undefined
      ? []
      : [
          client.isLocked
            ? ({ kind: 'bad', word: 'locked', text: 'Its client is locked.' } as const)
            : ({ kind: 'good', word: 'client', text: html`Its client is ${nameOf(client.title ?? client.id)}.` } as const),
        ]),
  ]
}

const field = (visit: Visit): Html =>
  form(
    visit.formOf({
      path: '/explain/token',
      fields: [
        {
          name: 'jwt',
          label: 'Access token',
          isRequired: true,
          isMono: true,
          lines: 6,
          maxLength: 20_000,
          hint: 'It is read by this server alone, and kept nowhere.',
        },
      ],
      button: 'Explain it',
    }),
  )

/** Where a token is pasted. */
export function explainPage<A extends Auth>(): Screen<A> {
  return {
    path: '/explain',
    audience: 'operators',
    nav: 'Explain a token',
    show: async (visit) => ({ title: 'Explain a token', body: html`<section class="card">${field(visit)}</section>` }),
  }
}

const json = (value: object): Html => html`<pre tabindex="0">${JSON.stringify(value, undefined, 2)}</pre>`

/** Tells what a token says, and whether this server would accept it. The token itself is on no page. */
export function explainChange<A extends Auth>(): Change<A> {
  return {
    path: '/explain/token',
    audience: 'operators',
    action: 'token.explain',
    changesNothing: true,
    place: () => ({ path: '/explain' }),
    about: () => ({}),
    async run(visit, values) {
      const token = (values.get('jwt') ?? '').trim().replace(/^bearer\s+/i, '')
      const parsed = parseJwt(token, { maxBytes: 20_000 })
      if (!parsed.ok) {
        const { reason, description } = parsed.refusal
        return { ok: false, reason, status: 422, message: `This is not a JWT: ${description}`, field: 'jwt' }
      }
      const parts = visit.parts as unknown as KnownParts
      const findings = [...times(parsed, visit.now / 1000), ...(await signature(parsed, parts)), ...(await revocation(parsed, parts))]
      const isBad = findings.some(({ kind }) => kind === 'bad')
      return {
        ok: true,
        view: {
          title: isBad ? 'It would be refused' : 'Nothing speaks against it',
          trail: [{ path: '/explain', label: 'Explain a token' }],
          body: html`<section class="card"><h2>What was looked at</h2>
<ul class="rows">${findings.map(({ kind, word, text }) => html`<li><div>${badge(kind, word)}</div><div class="what">${text}</div></li>`)}</ul>
<p class="quiet">A route may demand more: an audience, scopes, or another issuer entry of its guard.</p></section>
<section class="card"><h2>Claims</h2>${json(parsed.claims)}</section>
<section class="card"><h2>Header</h2>${json(parsed.jws.header)}</section>
<section class="card"><h2>Another one</h2>${field(visit)}</section>`,
        },
      }
    },
  }
}
