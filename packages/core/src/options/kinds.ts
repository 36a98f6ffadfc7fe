import type { NumberBounds, OptionKind, OptionKinds, OptionNames, OptionShape, RequiredKind } from './option-kind.js'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null
const isRecord = (value: unknown): boolean => isObject(value) && !Array.isArray(value) && !ArrayBuffer.isView(value)
const string: OptionKind = { must: 'a non-empty string', accepts: (value) => typeof value === 'string' && value !== '' }
const func: OptionKind = { must: 'a function', accepts: (value) => typeof value === 'function' }

function boundsText({ least = 0, most, isAbove }: NumberBounds): string {
  const lower = isAbove ? `more than ${least}` : `${least} or more`
  if (most === undefined) return lower
  return isAbove ? `${lower} and at most ${most}` : `from ${least} to ${most}`
}

function number(bounds: NumberBounds = {}): OptionKind {
  const { least = 0, most = Number.POSITIVE_INFINITY, isAbove, isInteger, unit } = bounds
  const isNumber = isInteger ? Number.isSafeInteger : Number.isFinite
  return {
    shows: /^[-\d.]{1,20}$/,
    must: `${isInteger ? 'an integer' : 'a number'}${unit ? ` of ${unit}` : ''}, ${boundsText(bounds)}`,
    accepts: (value) => isNumber(value) && Number(value) <= most && (isAbove ? Number(value) > least : Number(value) >= least),
  }
}

/** For instance `an object with limit, windowSeconds (optional: title)`. */
function membersText(names: OptionNames): string {
  const [required, optional] = [true, false].map((is) =>
    Object.keys(names)
      .filter((name) => (names[name]?.isRequired === true) === is)
      .join(', '),
  )
  return `an object${required === '' ? '' : ` with ${required}`}${optional === '' ? '' : ` (optional: ${optional})`}`
}

function members<T extends object>(shape: OptionShape<T>, must = membersText(shape)): OptionKind {
  return { must, accepts: isRecord, members: shape }
}

function listOf(items: OptionKind, least: 0 | 1 = 1): OptionKind {
  return {
    must: `${least > 0 ? 'a non-empty array' : 'an array'}, each item ${items.must}`,
    accepts: (value) => Array.isArray(value) && value.length >= least,
    items,
  }
}

function oneOf(...choices: readonly string[]): OptionKind {
  const shown = choices.map((choice) => JSON.stringify(choice))
  const must = shown.length > 3 ? `one of ${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}` : shown.join(' or ')
  return { must, accepts: (value) => typeof value === 'string' && choices.includes(value), choices }
}

function either(...alternatives: readonly OptionKind[]): OptionKind {
  const choices = alternatives.flatMap((one) => one.choices ?? [])
  return {
    must: [...new Set(alternatives.map(({ must }) => must))].join(' or '),
    accepts: (value) => alternatives.some((one) => one.accepts(value)),
    alternatives,
    ...(choices.length > 0 && { choices }),
  }
}

function exactly(constant: null | boolean): OptionKind {
  return { must: String(constant), accepts: (value) => value === constant }
}

const secret: OptionKind = {
  isSecret: true,
  must: 'a string or bytes',
  accepts: (value) => typeof value === 'string' || value instanceof Uint8Array,
}
const namedSecret: OptionKind = {
  isSecret: true,
  must: '{ id, secret }',
  accepts: isRecord,
  members: { id: required({ must: 'a string', accepts: (value) => typeof value === 'string' }), secret: required(secret) },
}
const secrets: OptionKind = {
  isSecret: true,
  must: '{ current: { id, secret }, previous: [{ id, secret }] }',
  accepts: isRecord,
  members: { current: required(namedSecret), previous: listOf(namedSecret, 0) },
}

/** An object that has methods: the host's own, or made by another factory. Its further members are not checked. */
function having(must: string, ...methods: readonly string[]): OptionKind {
  const isCallable = (value: unknown): boolean => isObject(value) || typeof value === 'function'
  return {
    must,
    accepts: (value) => isCallable(value) && methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  }
}

function required(kind: OptionKind): RequiredKind {
  return { ...kind, isRequired: true }
}

function optional({ isRequired: _required, ...one }: OptionKind): OptionKind {
  return one
}

function partial(shape: OptionNames, ...given: readonly string[]): OptionKind {
  const entries = Object.entries(shape).filter(([name]) => !given.includes(name))
  const names = Object.fromEntries(entries.map(([name, one]) => [name, optional(one)]))
  return { accepts: isRecord, must: `an object with ${Object.keys(names).join(', ')}`, members: names }
}

const satisfying = (must: string, accepts: (value: unknown) => boolean): OptionKind => ({ must, accepts })

/** The kinds of options, for {@link checkOptions}. */
export const kind: OptionKinds = Object.freeze<OptionKinds>({
  required,
  string,
  flag: {
    must: 'true or false',
    accepts: (value) => typeof value === 'boolean',
    shows: /^(?:true|false|yes|no|on|off|0|1)$/i,
  },
  func,
  number,
  seconds: number({ unit: 'seconds' }),
  positiveSeconds: number({ unit: 'seconds', isAbove: true }),
  count: number({ isInteger: true, least: 1 }),
  oneOf,
  exactly,
  either,
  listOf,
  strings: { ...either(string, listOf(string)), must: 'a non-empty string, or a non-empty array of such strings' },
  recordOf: (values) => ({ must: `an object, each value ${values.must}`, accepts: isRecord, values }),
  record: satisfying('an object', isRecord),
  members,
  optional,
  partial,
  having,
  satisfying,
  secrets: either(secrets, { ...func, must: 'a function that returns them' }),
})
