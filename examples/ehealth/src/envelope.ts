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

const unreadable: Readonly<Record<number, string>> = {
  400: 'Malformed request. The body is no JSON object.',
  413: 'Request is too large.',
  415: 'Invalid Content-Type header.',
}

/** Of the URL its path only: the query may hold a secret. */
function meta(code: number, { headers, url = '/' }: WireRequest): object {
  const host = typeof headers.host === 'string' ? headers.host : 'localhost'
  const path = url.split('?', 1)[0]
  const given = headers['x-request-id']
  const requestId = typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID()
  return { code, url: `http://${host}${path}`, type: 'object', request_id: requestId }
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
  further: { readonly type?: string; readonly invalid?: readonly object[]; readonly retryAfterSeconds?: number } = {},
): Reply {
  const { type = defaultTypes[status] ?? 'internal_error', invalid: fields, retryAfterSeconds } = further
  const retry = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  const error = { type, message, ...(fields && { invalid: fields }) }
  return jsonReply(status, { meta: meta(status, request), error }, { 'cache-control': 'no-store', ...retry })
}

/** A body that could not be read: 400, 413 or 415; whatever else went wrong is a fault of ours. */
export function unreadableReply(status: number | undefined, request: WireRequest): Reply {
  const message = status === undefined ? undefined : unreadable[status]
  return status === undefined || message === undefined ? errorReply(500, 'Internal error.', request) : errorReply(status, message, request)
}

/** The 422 of a request whose fields are wrong. */
export function validationReply(fields: readonly InvalidField[], request: WireRequest): Reply {
  const entries = fields.map(({ entry, rule, description }) => ({
    entry_type: 'json_data_property',
    entry,
    rules: [{ rule, params: [], description }],
  }))
  const manifest = 'http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/errors'
  const message = `Validation failed. You can find validators description at our API Manifest: ${manifest}.`
  return errorReply(422, message, request, { type: 'validation_failed', invalid: entries })
}

/** A field that is not there, or empty. */
export const blank = (entry: string): InvalidField => ({ entry, rule: 'required', description: "can't be blank" })

/** A field that is not what it has to be. */
export const invalid = (entry: string, rule = 'cast'): InvalidField => ({ entry, rule, description: 'is invalid' })

/** An outage of a store in the envelope: 503, never a refusal. */
export function inEnvelope(endpoint: Endpoint): Endpoint {
  return async (request) => {
    try {
      return await endpoint(request)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      const { retryAfterSeconds } = error
      return errorReply(503, 'The service is not available at the moment.', request, { retryAfterSeconds })
    }
  }
}
