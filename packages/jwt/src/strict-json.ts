import { isUtf8 } from 'node:buffer'
import { countMembers, parseJson, plainNames } from '@countersign/core'

/** Deepest nesting of a header or of claims, the object itself included. */
const maxDepth = 16
/** Most members, those of nested objects included. */
const maxMembers = 1000

type JsonObject = Readonly<Record<string, unknown>>

/** Makes objects that inherit nothing. One with a null prototype would be a slow dictionary to V8 once it is frozen. */
const Bare = function Bare(): void {} as unknown as new () => Record<string, unknown>
Bare.prototype = Object.freeze({ __proto__: null })

/** Why a text is not one strict JSON object. */
export type JsonReason =
  | { readonly kind: 'malformed'; readonly what: string }
  /** An integer that more than one text may stand for, and the member of the outermost object that holds it. */
  | { readonly kind: 'integer'; readonly member: string }

/** The object, or what is wrong with the text. */
export type JsonReading = { readonly object: JsonObject } | { readonly reason: JsonReason }

const faulty = (what: string): { readonly reason: JsonReason } =>
  Object.freeze({ reason: Object.freeze({ kind: 'malformed', what } as const) })
const notUtf8 = faulty('not UTF-8')
const oddName = faulty('a member name that needs an escape')
const notJson = faulty('not JSON')
const noObject = faulty('JSON, but no object')
const tooLarge = faulty(`nested deeper than ${maxDepth}, more than ${maxMembers} members, or a number beyond a double`)
const repeated = faulty('a member name twice, or an unpaired surrogate')

/** What a tree of JSON values amounts to. */
interface Tally {
  /** NaN when the tree is too deep or holds a number beyond the range of a double. */
  members: number
  hasUnsafeInteger: boolean
  /** Length of the shortest text that could stand for it; Infinity where that is not worked out. */
  textLength: number
  depth: number
}

/**
 * Parses one JSON object as RFC 8725 §2.4 and RFC 7515 §4 want it: valid UTF-8 without a byte order mark, no member name
 * twice in any object, no number beyond the range of a double, no integer beyond ±(2^53 - 1) (RFC 7493 §2.2), no unpaired
 * surrogate, no name that cannot be written without an escape, bounded depth and size.
 *
 * @returns the object, deeply frozen and inheriting nothing, or why there is none
 * @example
 * const twice = parseJsonObject(Buffer.from('{"jwt":"a","jwt":"b"}'))
 * console.log('object' in twice) // → false
 */
export function parseJsonObject(bytes: Buffer): JsonReading {
  const decoded = bytes.toString()
  if (decoded.includes('\ufffd') && !isUtf8(bytes)) return notUtf8
  const text = decoded.includes('\\') ? plainNames(decoded) : decoded
  if (text === undefined) return oddName
  const value = parseJson(text)
  if (value === undefined) return notJson
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return noObject
  const object = Object.assign(new Bare(), value)
  const tally: Tally = { members: 0, hasUnsafeInteger: false, textLength: 0, depth: 0 }
  freezeObject(object, tally)
  if (!(tally.members <= maxMembers)) return tooLarge
  // JSON.parse keeps the last of several members with one name. A text no longer than what was kept has dropped none, and
  // has neither white space nor escapes.
  if (tally.textLength === text.length) return { object }
  if (countMembers(text) !== tally.members || !isWellFormed(object)) return repeated
  return tally.hasUnsafeInteger ? { reason: { kind: 'integer', member: memberWithUnsafeInteger(object) } } : { object }
}

const isUnsafe = (value: unknown): boolean => Number.isInteger(value) && !Number.isSafeInteger(value)

function holdsUnsafeInteger(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.values(value).some(holdsUnsafeInteger) : isUnsafe(value)
}

function memberWithUnsafeInteger(object: JsonObject): string {
  return Object.keys(object).find((name) => holdsUnsafeInteger(object[name])) ?? ''
}

function freezeObject(object: Record<string, unknown>, tally: Tally): void {
  if (++tally.depth > maxDepth) tally.members = Number.NaN
  else {
    let members = 0
    // Braces, and for each member two quotes, a colon and a comma, of which there is one less.
    let textLength = 1
    for (const name in object) {
      // Objects within have the prototype of all, and with it what a library may have put there; the outermost has none.
      if (tally.depth > 1 && !Object.hasOwn(object, name)) continue
      members++
      textLength += name.length + 4 + measure(object[name], tally)
    }
    tally.members += members
    tally.textLength += members === 0 ? 2 : textLength
  }
  tally.depth--
  Object.freeze(object)
}

function freezeArray(values: readonly unknown[], tally: Tally): void {
  if (++tally.depth > maxDepth) tally.members = Number.NaN
  else {
    let textLength = 1
    for (const value of values) textLength += 1 + measure(value, tally)
    tally.textLength += values.length === 0 ? 2 : textLength
  }
  tally.depth--
  Object.freeze(values)
}

/** Length of the shortest text of a value. Objects and arrays add theirs to the tally. */
function measure(value: unknown, tally: Tally): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value === 'number') return measureNumber(value, tally)
  if (typeof value !== 'object') return value ? 4 : 5
  if (value === null) return 4
  if (Array.isArray(value)) freezeArray(value, tally)
  else freezeObject(value as Record<string, unknown>, tally)
  return 0
}

function measureNumber(value: number, tally: Tally): number {
  if (!Number.isSafeInteger(value)) {
    if (!Number.isFinite(value)) tally.members = Number.NaN
    else if (Number.isInteger(value)) tally.hasUnsafeInteger = true
    return Number.POSITIVE_INFINITY
  }
  // An exponent saves something only in place of three zeros or more; what it can save elsewhere is not worked out.
  if (value < 0 || (value % 1000 === 0 && value !== 0)) return Number.POSITIVE_INFINITY
  let digits = 1
  for (let bound = 10; bound <= value; bound *= 10) digits++
  return digits
}

/** Two unpaired surrogates become the same bytes wherever the text is stored as UTF-8. Names have none; see `plainNames`. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return (value as string & { isWellFormed(): boolean }).isWellFormed()
  return typeof value !== 'object' || value === null || Object.values(value).every(isWellFormed)
}
