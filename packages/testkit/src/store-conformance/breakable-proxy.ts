import { connect, createServer, type Server, type Socket } from 'node:net'
import type { BreakableNetwork } from './store-backend.js'

/** A network between an adapter and its server. */
export interface BreakableProxy extends BreakableNetwork {
  /** On 127.0.0.1; what the adapter connects to. */
  readonly port: number
  /** Breaks what is open and stops. */
  close(): Promise<void>
}

/** Options of {@link breakableProxy}. */
export interface BreakableProxyOptions {
  /**
   * Answers that arrive also while answers are lost: those after which the adapter must send the call again, because it was not carried out.
   * For Redis that is `NOSCRIPT`. @defaultValue none
   */
  readonly arrives?: (answer: Uint8Array) => boolean
}

type Mode = 'open' | 'answers lost' | 'requests held' | 'down'

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no port'))
      else resolve(address.port)
    })
  })
}

/**
 * Passes TCP connections on, as long as it is told to.
 *
 * @param target - the server
 */
export async function breakableProxy(
  target: { readonly host: string; readonly port: number },
  { arrives }: BreakableProxyOptions = {},
): Promise<BreakableProxy> {
  const state: { mode: Mode } = { mode: 'open' }
  const open = new Set<Socket>()
  const held = new Set<() => void>()
  const end = (): void => {
    held.clear()
    for (const socket of open) socket.destroy()
  }

  function join(near: Socket): void {
    if (state.mode === 'down') {
      near.destroy()
      return
    }
    const far = connect(target)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket)
      socket.setNoDelay(true)
      // a reset is how a broken connection looks
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        open.delete(socket)
        if (state.mode === 'requests held' && socket === near) held.add(() => other.end())
        else other.destroy()
      })
    }
    near.on('data', (bytes) => {
      if (state.mode === 'requests held') held.add(() => far.write(bytes))
      else far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (state.mode === 'open' || (state.mode === 'answers lost' && arrives?.(bytes))) near.write(bytes)
    })
  }

  const server = createServer(join)
  const port = await listening(server)
  return {
    port,
    loseAnswers() {
      state.mode = 'answers lost'
    },
    breakDown() {
      state.mode = 'down'
      end()
    },
    holdRequests() {
      state.mode = 'requests held'
    },
    restore() {
      state.mode = 'open'
      for (const arrive of held) arrive()
      held.clear()
    },
    close: () =>
      new Promise((resolve) => {
        end()
        server.close(() => resolve())
      }),
  }
}
