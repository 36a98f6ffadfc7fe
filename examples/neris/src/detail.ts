import { type Dialect, type Endpoint, isUnavailable, jsonReply, type Refusal, type Reply, refuse } from '@countersign/core'

/** One value that is wrong, as FastAPI says it. */
export interface FieldDetail {
  readonly loc: readonly [place: 'body' | 'path' | 'query', ...name: readonly string[]]
  readonly msg: string
  readonly type: string
}

/** An error as FastAPI words it. */
export function detailReply(status: number, detail: string | readonly FieldDetail[], headers: Reply['headers'] = {}): Reply {
  return jsonReply(status, { detail }, { 'cache-control': 'no-store', ...headers })
}

/** A value that has to be there. */
export function missing(...loc: FieldDetail['loc']): FieldDetail {
  return { loc, msg: 'Field required', type: 'missing' }
}

/** The body is no JSON object. */
export const unreadable: FieldDetail = { loc: ['body'], msg: 'The body is not a JSON object', type: 'json_invalid' }

/** The body is of another media type, or not there. */
export const notJson: FieldDetail = {
  loc: ['body'],
  msg: 'Input should be a JSON object, as application/json',
  type: 'model_attributes_type',
}

/** How the guard words its refusals. */
export const guardDialect: Dialect = {
  refusal: ({ description }: Refusal) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ detail: description }),
  }),
}

/** An endpoint whose outages are worded like everything else. */
export function wordedOutages(endpoint: Endpoint): Endpoint {
  return async (request) => {
    try {
      return await endpoint(request)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      return detailReply(503, refuse(error.reason).description, { 'retry-after': String(error.retryAfterSeconds) })
    }
  }
}
