import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

/** A worker: the way to a server on this machine, each direction of which takes so many milliseconds. Tells its port. */
const { port, delayMs } = workerData as { readonly port: number; readonly delayMs: number }

function delayed(from: Socket, to: Socket): void {
  from.on('data', (chunk) => void setTimeout(() => to.write(chunk), delayMs))
  from.on('error', () => undefined)
  from.on('close', () => to.destroy())
}

const proxy = createServer({ noDelay: true }, (near) => {
  const far = connect({ host: '127.0.0.1', port, noDelay: true })
  delayed(near, far)
  delayed(far, near)
})
proxy.listen(0, '127.0.0.1', () => parentPort?.postMessage((proxy.address() as AddressInfo).port))
