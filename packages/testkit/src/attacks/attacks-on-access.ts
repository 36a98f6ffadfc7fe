import { hmacSigner, rawSigner } from '../tokens/signed-token.js'
import { takeApart } from '../tokens/valid-token.js'
import { type Attack, type AttackContext, type AttackNotRun, type ExpectedReply, expectations, insist } from './attack.js'

const { admitted, bare, badToken, badRequest } = expectations

/** Attacks on what a valid token may do: scopes, optional routes, and the auth of other requests. */
export async function attacksOnAccess(context: AttackContext): Promise<readonly (Attack | AttackNotRun)[]> {
  return [...scopes(context), ...(await optionalRoute(context)), ...identities(context)]
}

const notEnough: ExpectedReply = { status: [403], challenge: 'insufficient_scope', scopes: ['a', 'b'] }

/** Claims of tokens that lack `a` or `b`, by a name. */
const tooLittle: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'no scope': {},
  'the first scope alone': { scope: 'a' },
  'the second scope alone': { scope: 'b' },
  'scopes that hold the names': { scope: 'aa bb ab a-b xa bx' },
  'scopes in upper case': { scope: 'A B' },
  'scopes with commas': { scope: 'a,b' },
  'the names in a list of one text': { scope: ['a b'] },
  'an object of scopes': { scope: { a: true, b: true } },
  'the scope true': { scope: true },
  'the pattern of everything': { scope: '*' },
  'scopes in a claim of another name': { scopes: 'a b', permissions: ['a', 'b'], roles: ['a', 'b'] },
}

function scopes(context: AttackContext): readonly (Attack | AttackNotRun)[] {
  const family = 'scopes'
  const path = context.target.routes.scoped
  if (path === undefined) return [{ family, name: 'all', needs: 'routes.scoped' }]
  const attempt = async (claims: Readonly<Record<string, unknown>>): ReturnType<Attack['attempt']> =>
    context.sendToken(await context.valid({ claims }), path)
  return [
    { family, name: 'both scopes are admitted', expected: admitted, attempt: () => attempt({ scope: 'b x a' }) },
    ...Object.entries(tooLittle).map(([name, claims]) => ({ family, name, expected: notEnough, attempt: () => attempt(claims) })),
    {
      family,
      name: 'fewer scopes after a token with both, else alike',
      expected: notEnough,
      async attempt() {
        const claims = { sub: 'user-9', jti: 'same' }
        insist((await attempt({ ...claims, scope: 'a b' })).status === 200, 'both scopes were not admitted')
        return attempt({ ...claims, scope: 'a' })
      },
    },
  ]
}

async function optionalRoute(context: AttackContext): Promise<readonly (Attack | AttackNotRun)[]> {
  const family = 'optional'
  const path = context.target.routes.optional
  if (path === undefined) return [{ family, name: 'all', needs: 'routes.optional' }]
  const [key] = context.target.issuer.keys
  insist(key !== undefined, 'the issuer has no keys')
  const token = await context.valid({ key })
  const { forge, header, claims, stranger, nowSeconds } = takeApart(token, key, { now: context.target.issuer.now })
  const field = (name: string, expected: ExpectedReply, value: string | undefined, query = ''): Attack => ({
    family,
    name,
    expected,
    attempt: () => context.sendFields(value === undefined ? [] : [['authorization', value]], path + query),
  })
  return [
    field('no credentials are admitted', admitted, undefined),
    field('a valid token is admitted', admitted, `Bearer ${token}`),
    field('a forged token', badToken, `Bearer ${forge({}, rawSigner(stranger, key.alg))}`),
    field('an expired token', badToken, `Bearer ${forge({ payload: { ...claims, exp: Math.floor(nowSeconds) - 60 } })}`),
    field('alg none', badToken, `Bearer ${forge({ header: { ...header, alg: 'none' } }, () => new Uint8Array())}`),
    field('HS256', badToken, `Bearer ${forge({ header: { ...header, alg: 'HS256' } }, hmacSigner(''))}`),
    field('rubbish', badToken, 'Bearer rubbish'),
    field('Bearer alone', bare, 'Bearer'),
    field('an empty field', bare, ''),
    field('Basic credentials', bare, 'Basic dXNlcjpwYXNz'),
    field('two words', badRequest, 'Bearer x y'),
    field('a token in the query', badRequest, undefined, `?access_token=${token}`),
  ]
}

function identities(context: AttackContext): readonly (Attack | AttackNotRun)[] {
  const family = 'identity'
  const path = context.target.routes.identity
  if (path === undefined) return [{ family, name: 'all', needs: 'routes.identity' }]
  const subjectAt = async (sub: string): Promise<[string, unknown, Awaited<ReturnType<Attack['attempt']>>]> => {
    const reply = await context.sendToken(await context.valid({ claims: { sub } }), path)
    return [sub, reply.status === 200 ? JSON.parse(reply.body).sub : undefined, reply]
  }
  return [
    {
      family,
      name: '50 requests in flight together see themselves',
      expected: admitted,
      async attempt() {
        const seen = await Promise.all(Array.from({ length: 50 }, (_, index) => subjectAt(`subject-${index}`)))
        const wrong = seen.find(([sent, received]) => sent !== received)
        insist(wrong === undefined, `${wrong?.[0]} was taken for ${String(wrong?.[1])}`)
        return (seen[0] as (typeof seen)[number])[2]
      },
    },
    {
      family,
      name: 'a subject that says __proto__ and more is only a text',
      expected: admitted,
      async attempt() {
        const [sent, received, reply] = await subjectAt('__proto__","role":"admin')
        insist(sent === received, 'the subject was changed')
        return reply
      },
    },
  ]
}
