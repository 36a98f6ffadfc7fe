import type { SentRequest } from '../mounts/http-sender.js'
import { type Attack, type AttackContext, type ExpectedReply, expectations } from './attack.js'

const family = 'credentials'
const { admitted, bare, badToken, badRequest } = expectations
/** Node's parser may have answered before the app was asked. */
const refusedSomewhere: ExpectedReply = { status: [400, 401], challenge: 'any' }

type Fields = SentRequest['headers']

/** Attacks on the place where the token stands (RFC 6750 §2), and the forms of it that must be admitted. */
export async function attacksOnHeader(context: AttackContext): Promise<readonly Attack[]> {
  const token = await context.valid()
  const other = await context.valid({ claims: { sub: 'user-2' } })
  const forged = `${token.slice(0, token.lastIndexOf('.'))}.AAAA`
  const withFields = (name: string, expected: ExpectedReply, fields: Fields, path?: string): Attack => ({
    family,
    name,
    expected,
    attempt: () => context.sendFields(fields, path),
  })
  const one = (name: string, expected: ExpectedReply, value: string): Attack => withFields(name, expected, [['Authorization', value]])
  const two = (name: string, first: string, second: string): Attack =>
    withFields(name, badRequest, [
      ['Authorization', first],
      ['authorization', second],
    ])
  return [
    ...admittedForms(token, one),
    ...schemes(token, one),
    one('a token and something after it', badRequest, `Bearer ${token} x`),
    one('two words', badRequest, 'Bearer  x y'),
    one('a token and a parameter', badRequest, `Bearer ${token}, realm="x"`),
    one('two credentials in one field', badRequest, `Bearer ${token}, Bearer ${other}`),
    two('the same token in two fields', `Bearer ${token}`, `Bearer ${token}`),
    two('a valid token, then a forged one', `Bearer ${token}`, `Bearer ${forged}`),
    two('a forged token, then a valid one', `Bearer ${forged}`, `Bearer ${token}`),
    two('a valid token, then an empty field', `Bearer ${token}`, ''),
    two('Basic credentials, then a valid token', 'Basic dXNlcjpwYXNz', `Bearer ${token}`),
    ...controlCharacters(token, one),
    ...otherPlaces(context, token, withFields),
  ]
}

type One = (name: string, expected: ExpectedReply, value: string) => Attack

function admittedForms(token: string, one: One): readonly Attack[] {
  return [
    one('a valid token is admitted', admitted, `Bearer ${token}`),
    one('the scheme in lower case is admitted', admitted, `bearer ${token}`),
    one('the scheme in upper case is admitted', admitted, `BEARER ${token}`),
    one('several spaces before the token are admitted', admitted, `Bearer    ${token}`),
  ]
}

function schemes(token: string, one: One): readonly Attack[] {
  return [
    one('an empty field', bare, ''),
    one('Bearer alone', bare, 'Bearer'),
    one('Bearer and spaces', bare, 'Bearer    '),
    one('a token without a scheme', bare, token),
    one('a tab after the scheme', bare, `Bearer\t${token}`),
    one('a colon after the scheme', bare, `Bearer: ${token}`),
    one('an equals sign after the scheme', bare, `Bearer=${token}`),
    one('another scheme that begins with Bearer', bare, `BearerX ${token}`),
    one('the scheme Basic', bare, `Basic ${Buffer.from(`user:${token}`).toString('base64')}`),
    one('the scheme JWT', bare, `JWT ${token}`),
    one('the scheme Token', bare, `Token ${token}`),
    one('the scheme DPoP', badToken, `DPoP ${token}`),
    one('a quoted token', badToken, `Bearer "${token}"`),
    one('the word undefined', badToken, 'Bearer undefined'),
    one('the word null', badToken, 'Bearer null'),
    one('8000 spaces', bare, `Bearer${' '.repeat(8000)}`),
    one('8000 spaces inside', badRequest, `Bearer x${' '.repeat(8000)}y`),
  ]
}

function controlCharacters(token: string, one: One): readonly Attack[] {
  return Object.entries({
    NUL: '\0',
    SOH: '\x01',
    ESC: '\x1b',
    DEL: '\x7f',
    'a bare CR': '\r',
    'a form feed': '\f',
    NEL: '\u0085',
  }).flatMap(([name, character]) => [
    one(`${name} after the token`, refusedSomewhere, `Bearer ${token}${character}`),
    one(`${name} inside the token`, refusedSomewhere, `Bearer ${token.slice(0, 20)}${character}${token.slice(20)}`),
  ])
}

function otherPlaces(
  { target }: AttackContext,
  token: string,
  withFields: (name: string, expected: ExpectedReply, fields: Fields, path?: string) => Attack,
): readonly Attack[] {
  const path = target.routes.guarded
  const query = (parameters: string): string => `${path}${path.includes('?') ? '&' : '?'}${parameters}`
  const bearer: Fields = [['Authorization', `Bearer ${token}`]]
  return [
    withFields('no credentials', bare, []),
    withFields('a token in the query', badRequest, [], query(`access_token=${token}`)),
    withFields('a token in the query, its name in escapes', badRequest, [], query(`%61ccess_token=${token}`)),
    withFields('a token in the query twice', badRequest, [], query(`access_token=${token}&access_token=${token}`)),
    withFields('a token in the query and one in the header', badRequest, bearer, query(`access_token=${token}`)),
    withFields(
      'a token in a query parameter of another name',
      bare,
      [],
      query(`token=${token}&jwt=${token}&authorization=Bearer%20${token}`),
    ),
    withFields('a token in a cookie', bare, [['Cookie', `access_token=${token}; token=${token}; jwt=${token}`]]),
    ...['X-Access-Token', 'X-Authorization', 'Proxy-Authorization', 'X-Forwarded-Authorization'].map((name) =>
      withFields(`a token in ${name}`, bare, [[name, `Bearer ${token}`]]),
    ),
  ]
}
