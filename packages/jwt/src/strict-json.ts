import { isAscii, isUtf8 } from 'node:buffer'

/** Deepest nesting of a header or of claims, the object itself included. */
const maxDepth = 16
/** Most members, those of nested objects included. */
const maxMembers = 1000

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a

/**
 * Parses one JSON object as RFC 8725 §2.4 and RFC 7515 §4 want it: valid UTF-8 without a byte order mark, no member name
 * twice in any object, no number beyond the range of a double, no unpaired surrogate, bounded depth and size.
 *
 * @returns the object, deeply frozen and without a prototype, or undefined
 */
export function parseJsonObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  const members = countMembers(bytes)
  if (members > maxMembers) return undefined
  const text = decodeText(bytes)
  if (text === undefined) return undefined
  const value = parseText(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  // A claim named like something of Object.prototype must not be found where the token has none.
  const object: Record<string, unknown> = { __proto__: null, ...value }
  // JSON.parse keeps the last of several members with one name, so a duplicate shows as a difference of the two counts.
  if (freezeTree(object, maxDepth) !== members) return undefined
  if (text.includes('\\u') && !isWellFormed(object)) return undefined
  return object
}

function decodeText(bytes: Buffer): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Colons outside of strings: in valid JSON, as many as there are members in the text. */
function countMembers(bytes: Uint8Array): number {
  const end = bytes.length
  let members = 0
  for (let at = 0; at < end; at++) {
    const byte = bytes[at]
    if (byte === quote) {
      for (at++; at < end && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++
    } else if (byte === colon) members++
  }
  return members
}

/** Freezes a tree of JSON values. @returns how many members it has, or NaN when it is too deep or holds Infinity */
function freezeTree(node: object, depthLeft: number): number {
  if (depthLeft === 0) return Number.NaN
  const isArray = Array.isArray(node)
  const values: readonly unknown[] = isArray ? node : Object.values(node)
  let members = isArray ? 0 : values.length
  for (const value of values) {
    if (typeof value === 'object') {
      if (value !== null) members += freezeTree(value, depthLeft - 1)
    } else if (typeof value === 'number' && !Number.isFinite(value)) return Number.NaN
  }
  Object.freeze(node)
  return members
}

/** Two unpaired surrogates become the same bytes wherever the text is stored as UTF-8. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return (value as string & { isWellFormed(): boolean }).isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, member]) => isWellFormed(name) && isWellFormed(member))
}
