/** A value that clients give. */
export type Field = 'entity' | 'clientId' | 'credentialId' | 'title' | 'type' | 'entityName' | 'pageNumber' | 'pageSize'

/** What is wrong with a value. */
export type Problem =
  | 'missing'
  /** The member is missing or unknown. */
  | 'unexpected'
  /** A query parameter that is there more than once. */
  | 'repeated'
  /** Not a text, or not a whole number. */
  | 'wrong_type'
  | 'too_short'
  | 'too_long'
  /** A text of another form: no id, or with control characters. */
  | 'malformed'
  /** Not one of those that there are. */
  | 'not_listed'
  | 'out_of_range'

/** One value that is wrong, and how. */
export interface FieldIssue {
  readonly field: Field
  readonly problem: Problem
  /** With `not_listed`. */
  readonly accepted?: readonly string[]
}

/** The host's own forms. */
export interface FieldOptions {
  readonly entityId: RegExp
  readonly types: readonly string[] | undefined
}

/** Values by field; one that is undefined is not there. */
export type FieldValues = Readonly<Partial<Record<Field, unknown>>>

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Control characters, half surrogates, line breaks and what turns text around: no store and no list shows them as they were meant. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u
const longestText = 200
const longestEntityId = 255

const isWhole = (pattern: RegExp, text: string): boolean => pattern.exec(text)?.[0] === text

/** Whether it is the id of a client or a credential, as we make them. */
export const isUuid = (value: unknown): value is string => typeof value === 'string' && uuid.test(value)

/** Whether it is the id of an entity. */
export const isEntityId = (pattern: RegExp, value: unknown): value is string =>
  typeof value === 'string' && value.length <= longestEntityId && !unprintable.test(value) && isWhole(pattern, value)

function textProblem(value: unknown): Problem | undefined {
  if (typeof value !== 'string') return 'wrong_type'
  if (value.trim() === '') return 'too_short'
  if (value.length > longestText) return 'too_long'
  return unprintable.test(value) ? 'malformed' : undefined
}

function idProblem(value: unknown, isId: (value: unknown) => boolean): Problem | undefined {
  if (typeof value !== 'string') return 'wrong_type'
  return isId(value) ? undefined : 'malformed'
}

function numberProblem(value: unknown, largest: number): Problem | undefined {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return 'wrong_type'
  return value >= 1 && value <= largest ? undefined : 'out_of_range'
}

function typeProblem(value: unknown, types: readonly string[] | undefined): Problem | undefined {
  if (types === undefined) return 'unexpected'
  if (typeof value !== 'string') return 'wrong_type'
  return types.includes(value) ? undefined : 'not_listed'
}

/**
 * Prepares the check of what clients give.
 *
 * @returns every issue: wrong values, and required values that are missing
 */
export function createFieldCheck(
  options: FieldOptions,
): (values: FieldValues, required: readonly Field[]) => readonly [FieldIssue, ...FieldIssue[]] | undefined {
  const { entityId, types } = options
  const rules: Readonly<Record<Field, (value: unknown) => Problem | undefined>> = {
    entity: (value) => idProblem(value, (text) => isEntityId(entityId, text)),
    clientId: (value) => idProblem(value, isUuid),
    credentialId: (value) => idProblem(value, isUuid),
    title: textProblem,
    type: (value) => typeProblem(value, types),
    entityName: textProblem,
    pageNumber: (value) => numberProblem(value, 1_000_000_000),
    pageSize: (value) => numberProblem(value, 100),
  }

  function issueOf(field: Field, value: unknown): FieldIssue | undefined {
    const problem = value === undefined ? 'missing' : rules[field](value)
    if (problem === undefined) return undefined
    return { field, problem, ...(problem === 'not_listed' && types && { accepted: types }) }
  }

  return (values, required) => {
    const given = (Object.keys(values) as Field[]).filter((field) => values[field] !== undefined)
    const [first, ...more] = [...new Set([...required, ...given])]
      .map((field) => issueOf(field, values[field]))
      .filter((issue) => issue !== undefined)
    return first && [first, ...more]
  }
}
