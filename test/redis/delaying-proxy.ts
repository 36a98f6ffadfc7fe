import { connect, createServer, type Socket } from 'node:net'

/** A way to a server that takes its time. */
export interface DelayingProxy {
  readonly port: number
  close(): Promise<void>
}

/** Hands on what arrives after a delay, in order. */
function delayed(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', (chunk) => {
    setTimeout(() => {
      if (!to.destroyed) to.write(chunk)
    }, delayMs)
  })
  from.on('error', () => undefined)
  from.on('close', () => to.destroy())
}

/** @param delayMs - in each direction */
export async function delayingProxy(server: { readonly host: string; readonly port: number }, delayMs: number): Promise<DelayingProxy> {
  const sockets = new Set<Socket>()
  const proxy = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: server.host, port: server.port, noDelay: true })
    for (const socket of [near, far]) sockets.add(socket)
    delayed(near, far, delayMs)
    delayed(far, near, delayMs)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        proxy.close(() => resolve())
      }),
  }
}
