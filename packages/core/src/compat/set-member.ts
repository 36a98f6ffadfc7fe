const namesOf = (path: string): readonly string[] => path.match(/[^.[\]]+/g) ?? []

/** Whether a path leads to a member, and to none that every object shares. */
export function isMemberPath(path: unknown): boolean {
  if (typeof path !== 'string') return false
  const names = namesOf(path)
  return names.length > 0 && !names.some((name) => ['__proto__', 'prototype', 'constructor'].includes(name))
}

/**
 * Sets a member of a request, with the objects on the way to it.
 *
 * @param path - names with dots between them, for instance `user.claims`
 * @example
 * setMember(req, 'user.claims', claims) // req.user.claims
 */
export function setMember(target: object, path: string, value: unknown): void {
  const names = namesOf(path)
  const last = names.at(-1)
  let at = target as Record<string, unknown>
  for (const name of names.slice(0, -1)) {
    const inner = at[name]
    if (typeof inner !== 'object' || inner === null) at[name] = {}
    at = at[name] as Record<string, unknown>
  }
  if (last !== undefined) at[last] = value
}
