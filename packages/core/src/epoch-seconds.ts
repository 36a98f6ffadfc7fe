/** 9999-12-31T23:59:59Z. As milliseconds it is a day of 1978. */
const latest = 253_402_300_799

/** Whether a time that must be in epoch seconds was given in milliseconds: as seconds it would be after the year 9999. */
export function looksLikeMilliseconds(time: number): boolean {
  return time > latest
}

/**
 * Checks a time of the host's.
 *
 * @param subject - what the message begins with, for instance `createClients: secret.expiresAt`
 * @returns the time, in epoch seconds
 * @throws TypeError for a value that is not a number, and for milliseconds
 */
export function requireEpochSeconds(subject: string, time: unknown): number {
  if (typeof time === 'number' && Number.isFinite(time) && !looksLikeMilliseconds(time)) return time
  const got = typeof time === 'number' ? String(time) : typeof time
  const hint = typeof time === 'number' && looksLikeMilliseconds(time) ? ', which looks like milliseconds' : ''
  throw new TypeError(`${subject} must be epoch seconds, got ${got}${hint}`)
}
