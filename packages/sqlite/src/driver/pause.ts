import { randomInt } from 'node:crypto'

const shortestMs = 1
const longestMs = 10

/**
 * How long to wait before the next try of a lock, in milliseconds. At random, so that two processes do not meet again and again.
 *
 * @param tries - so many there were
 */
export function pauseMs(tries: number): number {
  const most = Math.min(longestMs, shortestMs * 1.5 ** tries)
  return (most * (50 + randomInt(50))) / 100
}
