import { headerField, readJson, requestUrl, type WireRequest } from '@countersign/core'
import { type Field, type FieldIssue, isUuid } from '../fields.js'
import type { RequestIssue } from './integration-dialect.js'

/** Where a request has a value. */
export interface RequestInput {
  readonly place: RequestIssue['place']
  readonly name: string
  /** `entity_or_client`: a UUID is a client, all else an entity. */
  readonly field: Field | 'entityOrClient'
}

/** Values as they came: what they are is judged by the step that takes them, before it does anything. */
export type RequestValues = Readonly<Record<Exclude<Field, 'pageNumber' | 'pageSize'>, string>> &
  Readonly<Record<'pageNumber' | 'pageSize', number | undefined>>

/** The values of a request, or what is wrong with it. */
export type RequestReading =
  | { readonly ok: true; readonly values: RequestValues }
  | { readonly ok: false; readonly issues: readonly RequestIssue[] }
  | { readonly ok: false; readonly status: 400 | 413 | 415 }

const maxReported = 20
const longestReported = 100

/** A body may be left out: no octets, or none that are announced. */
function hasBody(request: WireRequest): boolean {
  const length = headerField(request, 'content-length')
  if (headerField(request, 'transfer-encoding') !== undefined) return true
  return length === undefined ? headerField(request, 'content-type') !== undefined : length !== '0'
}

function queryOf(request: WireRequest): URLSearchParams {
  const url = requestUrl(request)
  const mark = url.indexOf('?')
  return new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1))
}

/** A string of digits is a number. Any other string stays a string, and is refused as such. */
function queryValue(text: string | undefined, field: RequestInput['field']): unknown {
  if (text === undefined || text === '') return undefined
  return (field === 'pageNumber' || field === 'pageSize') && /^-?\d{1,10}$/.test(text) ? Number(text) : text
}

/** UUIDs are the same in any case (RFC 9562 §4), and are kept in lower case. */
function pathEntry(text: unknown, field: RequestInput['field']): readonly [Field, unknown] {
  const lower = typeof text === 'string' ? text.toLowerCase() : text
  if (field === 'entityOrClient') return isUuid(lower) ? ['clientId', lower] : ['entity', text]
  return [field, field === 'clientId' || field === 'credentialId' ? lower : text]
}

function issuesOf(inputs: readonly RequestInput[], query: URLSearchParams, body: Readonly<Record<string, unknown>>): RequestIssue[] {
  const members = inputs.filter(({ place }) => place === 'body').map(({ name }) => name)
  const unexpected = Object.keys(body).filter((name) => !members.includes(name))
  const repeated = inputs.filter(({ place, name }) => place === 'query' && query.getAll(name).length > 1)
  return [
    ...unexpected
      .slice(0, maxReported)
      .map((name) => ({ place: 'body', name: name.slice(0, longestReported), problem: 'unexpected' }) as const),
    ...repeated.map(({ name }) => ({ place: 'query', name, problem: 'repeated' }) as const),
  ]
}

/**
 * Reads the values of a request.
 *
 * @param body - whether one is read: `optional` where all of its members are
 */
export async function readValues(
  request: WireRequest,
  inputs: readonly RequestInput[],
  body: 'optional' | 'required' | undefined,
): Promise<RequestReading> {
  const isRead = body === 'required' || (body === 'optional' && hasBody(request))
  const read = isRead ? await readJson(request) : ({ ok: true, value: {} } as const)
  if (!read.ok) return read
  const members: Readonly<Record<string, unknown>> = read.value
  const query = queryOf(request)
  const issues = issuesOf(inputs, query, members)
  if (issues.length > 0) return { ok: false, issues }
  const entries = inputs.map(({ place, name, field }) => {
    if (place === 'path') return pathEntry(request.params?.[name], field)
    return [field, place === 'body' ? members[name] : queryValue(query.get(name) ?? undefined, field)] as const
  })
  return { ok: true, values: Object.fromEntries(entries) as RequestValues }
}

/** Names a wrong value as the request does. */
export function requestIssue({ field, problem, accepted }: FieldIssue, inputs: readonly RequestInput[]): RequestIssue {
  const isIt = (input: RequestInput): boolean =>
    input.field === field || (input.field === 'entityOrClient' && (field === 'entity' || field === 'clientId'))
  const { place, name } = inputs.find(isIt) ?? { place: 'body', name: field }
  return { place, name, problem, ...(accepted && { accepted }) }
}
