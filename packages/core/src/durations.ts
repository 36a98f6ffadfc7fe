/**
 * Checks a duration.
 *
 * @param milliseconds - a positive, finite number: a duration of 0 would make every claim the first
 * @throws TypeError if it is not
 */
export function requireDuration(name: string, milliseconds: number): number {
  if (!(Number.isFinite(milliseconds) && milliseconds > 0)) throw new TypeError(`${name} is a positive number of milliseconds`)
  return milliseconds
}

/** @throws TypeError for a limit that is not a whole number of 1 or more */
export function requireLimit(limit: number): number {
  if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new TypeError(`limit must be a whole number of 1 or more, got ${limit}`)
  return limit
}
