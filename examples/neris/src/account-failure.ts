import type { Reply } from '@countersign/core'
import type { RequestIssue, RequestRefusal } from '@countersign/integrations'
import { detailReply, type FieldDetail, notJson, unreadable } from './detail.js'
import { entityId } from './entity-id.js'

function pattern(name: string): Pick<FieldDetail, 'msg' | 'type'> {
  if (name.startsWith('entity')) return { msg: `String should match pattern '${entityId.source}'`, type: 'string_pattern_mismatch' }
  return name.endsWith('_id')
    ? { msg: 'Input should be a valid UUID', type: 'uuid_parsing' }
    : { msg: 'Input has control characters', type: 'value_error' }
}

function wrongType(name: string): Pick<FieldDetail, 'msg' | 'type'> {
  if (name.startsWith('page_')) return { msg: 'Input should be a valid integer', type: 'int_parsing' }
  return { msg: 'Input should be a valid string', type: 'string_type' }
}

function problemOf({ name, problem, accepted = [] }: RequestIssue): Pick<FieldDetail, 'msg' | 'type'> {
  switch (problem) {
    case 'missing':
      return { msg: 'Field required', type: 'missing' }
    case 'unexpected':
      return { msg: 'Extra inputs are not permitted', type: 'extra_forbidden' }
    case 'repeated':
      return { msg: 'Input should be there once', type: 'value_error' }
    case 'wrong_type':
      return wrongType(name)
    case 'too_short':
      return { msg: 'String should have at least 1 character', type: 'string_too_short' }
    case 'too_long':
      return { msg: 'String should have at most 200 characters', type: 'string_too_long' }
    case 'malformed':
      return pattern(name)
    case 'not_listed':
      return { msg: `Input should be ${accepted.map((one) => `'${one}'`).join(', ')}`, type: 'enum' }
    case 'out_of_range':
      if (name === 'page_size') return { msg: 'Input should be from 1 to 100', type: 'value_error' }
      return { msg: 'Input should be greater than or equal to 1', type: 'greater_than_equal' }
  }
}

/** A failure as FastAPI words it. */
export function failureReply({ reason, status, description, issues }: RequestRefusal): Reply {
  if (reason === 'unreadable_body' && status !== 413) return detailReply(422, [status === 415 ? notJson : unreadable])
  if (reason !== 'invalid') return detailReply(status, description)
  return detailReply(
    422,
    issues.map((issue) => ({ loc: [issue.place, issue.name] as const, ...problemOf(issue) })),
  )
}
