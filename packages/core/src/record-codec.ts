/** Names of all members of a type; of each alternative where it is a union. */
type MemberOf<T> = T extends T ? keyof T & string : never

/** Turns a value into what is stored as JSON, and back. */
export interface RecordCodec<T> {
  /** Members that the codec does not know keep their names: a later release may have written them. */
  toRecord(value: T): object
  /** The reverse of `toRecord`. Nothing is checked. What is not an object stays as it is. */
  fromRecord(record: object): T
}

interface ValueCodec {
  toRecord(value: never): unknown
  fromRecord(record: never): unknown
}

/** The name of a member in the store; with a codec where the value is a record, or a list of records. */
type StoredName = string | readonly [name: string, codec: ValueCodec]

/** The name of each member in the store. */
export type StoredNames<T> = { readonly [Name in MemberOf<T>]-?: StoredName }

type Change = (value: unknown) => unknown
type Renames = ReadonlyMap<string, readonly [name: string, change: Change | undefined]>

/** Values that are no records, for instance what is undefined, stay as they are. */
function changed(value: unknown, change: Change | undefined): unknown {
  if (change === undefined || typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? value.map((item) => changed(item, change)) : change(value)
}

function renamed(value: object, renames: Renames): object {
  const members = Object.entries(value)
  const unknown = members.filter(([name]) => !renames.has(name))
  const known = members.flatMap(([name, member]) => {
    const [other, change] = renames.get(name) ?? []
    return other === undefined ? [] : [[other, changed(member, change)] as const]
  })
  // In this order, a member that nobody knows never replaces one that is known.
  return Object.fromEntries([...unknown, ...known])
}

/**
 * Makes a codec between a type of the code and its record in a store. Other releases share the store, so a stored name must never change.
 * A member of the type may be renamed: then its stored name stays as it is.
 *
 * @param names - of each member of the type, its name in the store
 * @throws TypeError for a duplicate stored name
 *
 * @example
 * ```ts
 * import { recordCodec } from '@countersign/core'
 *
 * const codec = recordCodec<{ readonly lifetimeSeconds: number }>({ lifetimeSeconds: 'lifetimeSeconds' })
 * codec.toRecord({ lifetimeSeconds: 60 }) // { lifetimeSeconds: 60 }
 * ```
 */
export function recordCodec<T extends object>(names: StoredNames<T>): RecordCodec<T> {
  const rows = Object.entries<StoredName>(names).map(([member, stored]) => {
    const [name, codec] = typeof stored === 'string' ? [stored, undefined] : stored
    return { member, name, codec }
  })
  const toNames: Renames = new Map(
    rows.map(({ member, name, codec }) => [member, [name, codec && ((value) => codec.toRecord(value as never))]]),
  )
  const toMembers: Renames = new Map(
    rows.map(({ member, name, codec }) => [name, [member, codec && ((value) => codec.fromRecord(value as never))]]),
  )
  if (toMembers.size < rows.length) throw new TypeError('recordCodec: names must not have a duplicate stored name')
  return {
    toRecord: (value) => renamed(value, toNames),
    fromRecord: (record) => (typeof record === 'object' && record !== null ? renamed(record, toMembers) : record) as T,
  }
}
