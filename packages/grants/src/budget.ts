import { createHash } from 'node:crypto'

/** So many attempts in a window that begins with the first. */
export interface Budget {
  readonly limit: number
  readonly windowSeconds: number
}

/** Parts with their lengths, hashed: what is sent by anybody is neither joined nor kept as it is. */
export function attemptKey(purpose: string, ...parts: readonly string[]): string {
  const text = parts.map((part) => `${part.length}:${part}`).join('')
  return `${purpose}:${createHash('sha256').update(text).digest('base64url')}`
}

/** @throws TypeError if `limit` or `windowSeconds` is not a positive number */
export function checkBudget(name: string, { limit, windowSeconds }: Budget): void {
  if (!(Number.isInteger(limit) && limit > 0 && Number.isFinite(windowSeconds) && windowSeconds > 0))
    throw new TypeError(`${name} is { limit, windowSeconds }, both positive`)
}
