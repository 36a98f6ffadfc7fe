import { nearestName, sameName } from './nearest-name.js'
import type { OptionKind, OptionNames, OptionShape } from './option-kind.js'

/** What messages begin with, and what they say of names that belong elsewhere. */
interface Subject {
  readonly factory: string
  readonly shape: OptionNames
  readonly advice: Readonly<Record<string, string>>
}

/** The first pass looks at what is there, the second at what is missing. */
interface Pass {
  readonly subject: Subject
  readonly wantsMissing: boolean
}

type Visit = (value: object, of: OptionsAt) => void

const shownName = (name: string): string => (name.length > 64 ? `${name.slice(0, 64)}…` : name)

function pathOf(path: string, name: string): string {
  if (path === '') return shownName(name)
  return /^[\w$-]+$/.test(name) ? `${path}.${shownName(name)}` : `${path}[${JSON.stringify(shownName(name))}]`
}

/** The names that an object of options may have, and where it stands. */
interface OptionsAt {
  readonly names: OptionNames
  readonly path: string
  /** Whether an unknown name may be a secret. */
  readonly isSecret: boolean
}

/** A member that a library put into every object is not an option of the host. */
function read(options: object, name: string): unknown {
  const isForeign = !Object.hasOwn(options, name) && name in Object.prototype
  return isForeign ? undefined : (options as Readonly<Record<string, unknown>>)[name]
}

/** The alternative that a value is. */
function chosen(kind: OptionKind, value: unknown): OptionKind {
  const alternative = kind.alternatives?.find((one) => one.accepts(value))
  return alternative === undefined ? kind : chosen(alternative, value)
}

/** A value that stands in another. */
interface Inner {
  readonly value: unknown
  readonly of: OptionKind
  readonly path: string
}

/** The items of an array and the values of a record. */
function innerOf(value: unknown, { items, values }: OptionKind, path: string): readonly Inner[] {
  if (items !== undefined) return (value as readonly unknown[]).map((item, at) => ({ value: item, of: items, path: `${path}[${at}]` }))
  if (values === undefined) return []
  const record = value as object
  return Object.keys(record).map((name) => ({ value: read(record, name), of: values, path: pathOf(path, name) }))
}

/** Visits every object of options in a value. What is not of its kind is left out. */
function visitWithin({ value, of, path }: Inner, visit: Visit): void {
  const kind = chosen(of, value)
  if (value === undefined || !kind.accepts(value)) return
  if (kind.members !== undefined) visitMembers(value as object, { names: kind.members, path, isSecret: kind.isSecret === true }, visit)
  for (const inner of innerOf(value, kind, path)) visitWithin(inner, visit)
}

function visitMembers(options: object, of: OptionsAt, visit: Visit): void {
  visit(options, of)
  const { path } = of
  for (const [name, kind] of Object.entries(of.names))
    visitWithin({ value: read(options, name), of: kind, path: pathOf(path, name) }, visit)
}

/** Where else in the options a name belongs. */
function elsewhere(name: string, names: OptionNames, path = ''): string | undefined {
  for (const [outer, kind] of Object.entries(names)) {
    for (const { members } of [kind, ...(kind.alternatives ?? [])]) {
      if (members === undefined) continue
      const inner = pathOf(path, outer)
      const found = sameName(name, Object.keys(members))
      const place = found === undefined ? elsewhere(name, members, inner) : pathOf(inner, found)
      if (place !== undefined) return place
    }
  }
  return undefined
}

/** Where an unknown option is. Among secrets only a misspelt name is shown. */
function shownPlace(name: string, { names, path, isSecret }: OptionsAt): string {
  const isShown = !isSecret || nearestName(name, Object.keys(names)) !== undefined
  return isShown ? JSON.stringify(pathOf(path, name)) : `in ${JSON.stringify(path)}, whose name is not shown because it may be a secret`
}

function adviceOn(name: string, names: OptionNames, path: string, { shape, advice }: Subject): string {
  const known = Object.keys(names)
  const words = Object.hasOwn(advice, name) ? advice[name] : undefined
  if (words !== undefined) return words
  const near = nearestName(name, known)
  const place = near === undefined ? elsewhere(name, shape) : pathOf(path, near)
  // An option of another alternative stands in the same place.
  if (place !== undefined && place !== pathOf(path, name)) return `did you mean ${JSON.stringify(place)}?`
  return `${path === '' ? 'the options are' : `the options of ${path} are`} ${known.join(', ')}`
}

function shownString(text: string, { choices, shows }: Pick<OptionKind, 'choices' | 'shows'>): string {
  if (text === '') return 'an empty string'
  const isShown = (choices !== undefined && text.length <= 64) || shows?.test(text) === true
  return isShown ? JSON.stringify(text) : `a string of ${text.length === 1 ? '1 character' : `${text.length} characters`}`
}

function shownObject(value: object | null): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array'
  if (value instanceof Uint8Array) return value.length === 1 ? '1 byte' : `${value.length} bytes`
  return value instanceof Promise ? 'a Promise' : 'an object'
}

/**
 * Describes a value for the message of an error, in few characters and without the members of an object.
 *
 * @returns for instance `"read"`, `undefined`, `an array of 2`
 */
export function shownValue(value: unknown): string {
  return shownAs(value, {})
}

/** What a value is, without the value where it may be a secret. */
function shownAs(value: unknown, kind: Partial<OptionKind>): string {
  if (typeof value === 'string') return shownString(value, kind)
  if (typeof value === 'object') return shownObject(value)
  if (value === undefined) return 'undefined'
  const isShown = typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint'
  return isShown && kind.isSecret !== true ? String(value) : `a ${typeof value}`
}

function wrong(subject: Subject, path: string, kind: OptionKind, value: unknown): TypeError {
  const isLoneItem = typeof value === 'string' && kind.items?.accepts(value) === true
  const near = typeof value === 'string' && kind.choices !== undefined ? nearestName(value, kind.choices) : undefined
  const hint = isLoneItem ? '; one item must be in an array, too' : near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`
  const shown = shownAs(value, isLoneItem ? { ...kind.items, ...(kind.isSecret && { isSecret: true }) } : kind)
  return new TypeError(`${subject.factory}: ${path} must be ${kind.must}, got ${shown}${hint}`)
}

/** Judges every value that is there, and then tells what is missing: a wrong value is the more surprising fault. */
function checkValue({ value, of, path }: Inner, pass: Pass): void {
  const { subject, wantsMissing } = pass
  if (value === undefined) {
    if (wantsMissing && of.isRequired === true) throw wrong(subject, path, of, value)
    return
  }
  if (!of.accepts(value)) throw wrong(subject, path, of, value)
  const kind = chosen(of, value)
  if (kind.members !== undefined) checkMembers(value as object, kind.members, path, pass)
  for (const inner of innerOf(value, kind, path)) checkValue({ ...inner, of: { ...inner.of, isRequired: true } }, pass)
}

function checkMembers(options: object, names: OptionNames, path: string, pass: Pass): void {
  for (const [name, kind] of Object.entries(names)) checkValue({ value: read(options, name), of: kind, path: pathOf(path, name) }, pass)
}

/**
 * Checks options at the creation of what they are for: every name in them, however deep, then every value, then what is missing. It is for factories
 * and never for a request.
 *
 * @param factory - what messages begin with
 * @param options - as given; `undefined` counts as no options. An unknown name is an error with every value, also with `undefined`
 * @param shape - the kinds of all options
 * @param advice - what to say of names that belong elsewhere, by name
 * @throws TypeError that names the option by its whole path, what it must be, and what it was. No string is shown but a wrong choice
 * @example
 * ```ts
 * import { checkOptions, kind, type OptionShape } from '@countersign/core'
 *
 * interface CounterOptions {
 *   readonly limit: number
 *   readonly cache?: { readonly maxEntries?: number }
 * }
 * const shape: OptionShape<CounterOptions> = {
 *   limit: kind.required(kind.count),
 *   cache: kind.members<NonNullable<CounterOptions['cache']>>({ maxEntries: kind.count }),
 * }
 * // TypeError: createCounter: unknown option "cache.maxEntires"; did you mean "cache.maxEntries"?
 * checkOptions('createCounter', { limit: 1, cache: { maxEntires: 5 } }, shape)
 * ```
 */
export function checkOptions<T extends object>(
  factory: string,
  options: unknown,
  shape: OptionShape<T>,
  advice: Readonly<Record<string, string>> = {},
): void {
  const subject: Subject = { factory, shape, advice }
  if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options)))
    throw new TypeError(`${factory}: the options must be an object, got ${shownValue(options)}`)
  const given = options ?? {}
  visitMembers(given, { names: shape, path: '', isSecret: false }, (value, of) => {
    const stranger = Object.keys(value).find((name) => !Object.hasOwn(of.names, name))
    if (stranger === undefined) return
    throw new TypeError(`${factory}: unknown option ${shownPlace(stranger, of)}; ${adviceOn(stranger, of.names, of.path, subject)}`)
  })
  for (const wantsMissing of [false, true]) checkMembers(given, shape, '', { subject, wantsMissing })
}
