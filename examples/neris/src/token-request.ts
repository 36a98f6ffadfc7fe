import { type Endpoint, hasOwn, type Reply, readForm, readJson, type WireRequest } from '@countersign/core'
import { refuseToken } from '@countersign/grants'
import { detailReply, type FieldDetail, missing, unreadable } from './detail.js'
import { isChallengeAnswer, plainText, tokenDialect } from './token-dialect.js'

type Fields = Readonly<Record<string, string>>
type ReadFields = { readonly fields: Fields; readonly wrong: readonly FieldDetail[] }
type Reading = ReadFields | { readonly reply: Reply }

/** Fields of a token request. Those of other authorization servers are passed on as well, to be refused there. */
const texts = (
  'grant_type username password refresh_token session email_otp software_token_mfa new_password new_password_required ' +
  'scope audience resource client_id client_secret client_assertion client_assertion_type'
).split(' ')
const flag = 'generate_refresh_token'
const flagWords: ReadonlyMap<string, string> = new Map([
  ...['true', '1', 'yes', 'on', 't', 'y'].map((word) => [word, 'true'] as const),
  ...['false', '0', 'no', 'off', 'f', 'n'].map((word) => [word, 'false'] as const),
])

/** Fields that a grant cannot do without. */
const required: ReadonlyMap<string, readonly string[]> = new Map([
  ['password', ['username', 'password']],
  ['refresh_token', ['refresh_token']],
  ['email_otp', ['session', 'email_otp']],
  ['software_token_mfa', ['session', 'software_token_mfa']],
  ['new_password_required', ['session', 'new_password']],
])

const notText = (name: string): FieldDetail => ({ loc: ['body', name], msg: 'Input should be a valid string', type: 'string_type' })
const notFlag: FieldDetail = { loc: ['body', flag], msg: 'Input should be a valid boolean', type: 'bool_parsing' }
const notForm: FieldDetail = { loc: ['body'], msg: 'The form is malformed, or has a field twice', type: 'value_error' }

const faulty = (wrong: FieldDetail): Reading => ({ reply: detailReply(422, [wrong]) })

function readFields(values: Readonly<Record<string, unknown>>): ReadFields {
  const sent = texts.filter((name) => values[name] !== undefined && values[name] !== null && values[name] !== '')
  const wrong = sent.filter((name) => typeof values[name] !== 'string').map(notText)
  const fields = Object.fromEntries(sent.flatMap((name) => (typeof values[name] === 'string' ? [[name, values[name]]] : [])))
  const said = values[flag] ?? ''
  if (said === '') return { fields, wrong }
  const word = typeof said === 'boolean' || typeof said === 'string' ? flagWords.get(String(said).toLowerCase()) : undefined
  return word === undefined ? { fields, wrong: [...wrong, notFlag] } : { fields: { ...fields, [flag]: word }, wrong }
}

function refusedFor(status: 413 | 415): Reading {
  const refusal = refuseToken(status === 413 ? 'too_large' : 'unsupported_media_type')
  return { reply: tokenDialect.refusal(refusal, { grantType: undefined }) }
}

async function read(request: WireRequest): Promise<Reading> {
  const { 'content-type': type } = request.headers
  if (type === undefined) return readFields({})
  if (/^application\/json\s*(?:;|$)/i.test(String(type))) {
    const body = await readJson(request)
    if (body.ok) return readFields(body.value)
    return body.status === 400 ? faulty(unreadable) : refusedFor(body.status)
  }
  const names = [...texts, flag]
  // A field that is there twice is refused like a value that is none: in the words for the grant type.
  const form = await readForm(request, { repeatable: names })
  if (form.ok) {
    const found = readFields(Object.fromEntries(names.map((name) => [name, form.value.get(name)])))
    const isRepeated = names.some((name) => form.value.all(name).length > 1)
    return isRepeated ? { reply: malformed([notForm], renamed(found.fields).grant_type) } : found
  }
  return form.status === 400 ? faulty(notForm) : refusedFor(form.status)
}

/** Other names that clients use. */
function renamed({ new_password_required: alias, ...fields }: Fields): Fields {
  const { grant_type: type } = fields
  return {
    ...fields,
    ...(type === 'new_password' && { grant_type: 'new_password_required' }),
    ...(alias !== undefined && fields.new_password === undefined && { new_password: alias }),
  }
}

function missingOf(fields: Fields, wrong: readonly FieldDetail[]): readonly FieldDetail[] {
  const names = ['grant_type', ...(required.get(fields.grant_type ?? '') ?? [])]
  const isThere = (name: string): boolean => fields[name] !== undefined || wrong.some(({ loc }) => loc[1] === name)
  return names.filter((name) => !isThere(name)).map((name) => missing('body', name))
}

function malformed(wrong: readonly FieldDetail[], grantType: string | undefined): Reply {
  if (!isChallengeAnswer(grantType)) return detailReply(422, wrong)
  return plainText(422, `invalid_request: ${wrong.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; ')}`)
}

/**
 * What FastAPI does before the program sees a request, around a token endpoint: JSON or form, 422 for what is malformed. No
 * answer to a challenge gets JSON beside 200 and 202, not even when the program fails.
 */
export function tokenRequests(endpoint: Endpoint): Endpoint {
  return async (request) => {
    if (request.method !== 'POST') return endpoint(request)
    const reading = await read(request)
    if (hasOwn(reading, 'reply')) return reading.reply
    const fields = renamed(reading.fields)
    const wrong = [...reading.wrong, ...missingOf(fields, reading.wrong)]
    if (wrong.length > 0) return malformed(wrong, fields.grant_type)
    const headers = { ...request.headers, 'content-type': 'application/x-www-form-urlencoded' }
    try {
      return await endpoint({ ...request, headers, body: fields, stream: undefined })
    } catch (error) {
      if (!isChallengeAnswer(fields.grant_type)) throw error
      console.error(error)
      return plainText(500, 'Internal Server Error')
    }
  }
}
