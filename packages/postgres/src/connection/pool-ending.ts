import type { PostgresPool } from './driver.js'

/** A pool says nothing when it begins to end; it waits until every connection was given back. Milliseconds between two looks. */
export const endingMs = 250

/**
 * Runs what may wait for long, until one of the signals or until the pool ends: `pool.end()` waits for the connection that is in use.
 *
 * @param run - is given a signal, and must give its connection back when it is aborted
 */
export async function whileOpen<T>(
  pool: PostgresPool,
  signals: readonly AbortSignal[],
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController()
  const timer = setInterval(() => {
    if (pool.ending === true) ending.abort(new Error('the pool ends'))
  }, endingMs).unref()
  try {
    return await run(AbortSignal.any([...signals, ending.signal]))
  } finally {
    clearInterval(timer)
  }
}
