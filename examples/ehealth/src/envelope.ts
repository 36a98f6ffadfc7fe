import { randomUUID } from 'node:crypto'
import { type Endpoint, isUnavailable, jsonReply, type Reply, type WireRequest } from '@countersign/core'

/** One field that failed validation. */
export interface InvalidField {
  readonly entry: string
  readonly rule: string
  readonly description: string
}

const defaultTypes: Readonly<Record<number, string>> = {
  400: 'request_malformed',
  401: 'access_denied',
  403: 'forbidden',
  404: 'not_found',
  406: 'content_type_invalid',
  409: 'request_conflict',
  413: 'request_too_large',
  415: 'content_type_invalid',
}

const manifest = 'http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/errors'

function meta(code: number, request: WireRequest): object {
  const host = typeof request.headers.host === 'string' ? request.headers.host : 'localhost'
  const given = request.headers['x-request-id']
  const requestId = typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID()
  return { code, url: `http://${host}${request.url ?? '/'}`, type: 'object', request_id: requestId }
}

/** A success in the system's envelope. */
export function dataReply(status: number, data: object, request: WireRequest): Reply {
  return jsonReply(status, { meta: meta(status, request), data }, { 'cache-control': 'no-store' })
}

/** An error in the system's envelope; `type` by the status where none is given. */
export function errorReply(
  status: number,
  message: string,
  request: WireRequest,
  further: { type?: string; invalid?: readonly object[] } = {},
): Reply {
  const type = further.type ?? defaultTypes[status] ?? 'internal_error'
  const error = { type, message, ...(further.invalid && { invalid: further.invalid }) }
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  if (status === 503) headers['retry-after'] = '1'
  return jsonReply(status, { meta: meta(status, request), error }, headers)
}

/** The 422 of a request whose fields are wrong. */
export function validationReply(fields: readonly InvalidField[], request: WireRequest): Reply {
  const invalid = fields.map(({ entry, rule, description }) => ({
    entry_type: 'json_data_property',
    entry,
    rules: [{ rule, params: [], description }],
  }))
  return errorReply(422, `Validation failed. You can find validators description at our API Manifest: ${manifest}.`, request, {
    type: 'validation_failed',
    invalid,
  })
}

export const blank = (entry: string): InvalidField => ({ entry, rule: 'required', description: "can't be blank" })
export const invalid = (entry: string, rule = 'cast'): InvalidField => ({ entry, rule, description: 'is invalid' })

/** An outage of a store in the envelope: 503, never a refusal. */
export function inEnvelope(endpoint: Endpoint): Endpoint {
  return async (request) => {
    try {
      return await endpoint(request)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      return errorReply(503, 'The service is not available at the moment.', request)
    }
  }
}
