/** What members of calls of stores were named in releases up to `a3f6afd`, and are named now. */
const renamed = [
  ['keepForMs', 'ttlMs'],
  ['undone', 'reinstated'],
  ['epoch', 'cursor'],
  ['memorySince', 'retainedSince'],
] as const

const earlier: ReadonlyMap<string, string> = new Map(renamed.map(([before, now]) => [now, before]))
const present: ReadonlyMap<string, string> = new Map(renamed)

function translated(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => translated(item, names))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [names.get(name) ?? name, translated(member, names)]))
}

/** What a release from before the names changed is told. */
export const toEarlierNames = (value: unknown): unknown => translated(value, earlier)

/** What a release from before the names changed answers, or was told. */
export const toPresentNames = (value: unknown): unknown => translated(value, present)

/** The name of one method. */
export const earlierName = (name: string): string => earlier.get(name) ?? name
