import { connect } from 'node:net'
import { startRequestTimer, stopRequestTimer } from '@countersign/core'
import type { PostgresClient } from './driver.js'

/** What a `pg` client knows about its connection. */
interface Cancellable {
  readonly host?: unknown
  readonly port?: unknown
  readonly processID?: unknown
  readonly secretKey?: unknown
}

/** In place of a protocol version. PostgreSQL documentation, "Message Formats". */
const cancelRequestCode = 80_877_102
const headerBytes = 12

function messageOf(processId: number, secret: number | Uint8Array): Buffer {
  const key = typeof secret === 'number' ? Buffer.alloc(4) : Buffer.from(secret)
  if (typeof secret === 'number') key.writeInt32BE(secret | 0)
  const message = Buffer.alloc(headerBytes + key.length)
  message.writeInt32BE(message.length, 0)
  message.writeInt32BE(cancelRequestCode, 4)
  message.writeInt32BE(processId, 8)
  key.copy(message, headerBytes)
  return message
}

/**
 * Asks the server to end the statement of a connection that is closed afterwards. Closing alone does not: a backend that waits for
 * a lock or a disk notices only when it answers. The request goes over a connection of its own and in the clear, which a server
 * takes with TLS too (as from libpq before 17); a stranger who reads the key of the connection can only cancel a statement that is cancelled anyway.
 *
 * @returns true when the server has read the request; false when it cannot be reached within the time
 */
export function requestCancel(client: PostgresClient, withinMs: number): Promise<boolean> {
  const { host, port, processID, secretKey } = client as Cancellable
  const isKey = typeof secretKey === 'number' || secretKey instanceof Uint8Array
  if (typeof host !== 'string' || typeof port !== 'number' || typeof processID !== 'number' || !isKey) return Promise.resolve(false)
  return new Promise((resolve) => {
    const socket = connect(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port })
    const timer = startRequestTimer(() => socket.destroy(), withinMs)
    const state = { isSent: false }
    socket.on('connect', () => socket.write(messageOf(processID, secretKey), () => socket.resume()))
    // the server answers nothing: it closes when it has told the backend
    socket.on('end', () => {
      state.isSent = true
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      stopRequestTimer(timer)
      resolve(state.isSent)
    })
  })
}
