import type { PostgresClient, PostgresPool } from './driver.js'

/** For the errors of a connection that nobody waits for: the next statement on it says the same. */
const ignoreError = (): void => undefined

/**
 * Takes a connection from the pool, with a listener for its errors. The listener is there in the same turn: a server that ends a
 * connection right after it was made sends both in one packet, and an error without a listener ends the process.
 */
export function checkOut(pool: PostgresPool): Promise<PostgresClient> {
  return new Promise((resolve, reject) => {
    const taken = (client: PostgresClient): void => {
      client.on('error', ignoreError)
      resolve(client)
    }
    const promised: unknown = pool.connect((cause, client) =>
      client === undefined ? reject(cause ?? new Error('the pool gave no connection')) : taken(client),
    )
    // A pool that does not know callbacks.
    if (promised instanceof Promise) promised.then(taken, reject)
  })
}

/** Gives a connection back that {@link checkOut} took; `true` closes it. */
export function giveBack(client: PostgresClient, destroy: boolean): void {
  // The pool listens again before the listener goes.
  client.release(destroy)
  client.removeListener('error', ignoreError)
}
