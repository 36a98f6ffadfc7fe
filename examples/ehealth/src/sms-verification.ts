import type { Endpoint } from '@countersign/core'
import type { Nonces } from '@countersign/nonce'
import { blank, dataReply, errorReply, invalid, validationReply } from './envelope.js'
import { isBlank, isText, jsonBody, nonceRefused, type Purpose } from './redemption.js'

function bearerOf(header: unknown): string | undefined {
  const [scheme, token, ...more] = typeof header === 'string' ? header.split(' ').filter((part) => part !== '') : []
  return scheme?.toLowerCase() === 'bearer' && more.length === 0 ? token : undefined
}

/** `POST /api/sms_verifications`: the nonce is the bearer. It is spent last: what fails before burns nothing. */
export function smsVerification(nonces: Pick<Nonces<Purpose>, 'spend'>): Endpoint {
  return async (request) => {
    const token = bearerOf(request.headers.authorization)
    if (token === undefined) return errorReply(401, 'Missing or invalid Authorization header.', request)
    const read = await jsonBody(request)
    if ('reply' in read) return read.reply
    const { factor, type } = read.body
    const wrong = Object.entries({ factor, type })
      .filter(([, value]) => !isText(value))
      .map(([name, value]) => (isBlank(value) ? blank(`$.${name}`) : invalid(`$.${name}`)))
    if (wrong.length > 0) return validationReply(wrong, request)
    const spent = await nonces.spend(token, 'sms_verification')
    return spent.ok ? dataReply(200, { factor, type, status: 'NEW' }, request) : nonceRefused(spent.refusal, request)
  }
}
