import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Auth, type Guard, type Reply, requireScopes } from '@countersign/core'
import { type WebSocket, WebSocketServer } from 'ws'

/** Writes a refusal to a socket that never became a WebSocket: HTTP, and the end. */
function refuseUpgrade(socket: Duplex, { status, headers, body = '' }: Reply): void {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'connection: close', `content-length: ${Buffer.byteLength(body)}`]
  for (const [name, value] of Object.entries(headers)) for (const one of [value].flat()) lines.push(`${name}: ${one}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  socket.end(body)
}

/** Nothing of a failure of ours is told to the client. */
const fault: Reply = { status: 500, headers: {} }

export function createEventServer(guard: Guard, onConnection: (ws: WebSocket, auth: Auth) => void): Server {
  const sockets = new WebSocketServer({ noServer: true })
  const needed = requireScopes('events:read')

  async function upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const admission = await guard.check(req, needed)
    if (!admission.ok) return refuseUpgrade(socket, admission.reply)
    sockets.handleUpgrade(req, socket, head, (ws) => {
      const auth = guard.authOf(req)
      // The connection outlives the request: end it with the token. A timer cannot wait longer than 2^31 ms.
      const timer = setTimeout(() => ws.close(1008, 'token expired'), Math.min(auth.expiresAt * 1000 - Date.now(), 2 ** 31 - 1))
      ws.on('close', () => clearTimeout(timer))
      onConnection(ws, auth)
    })
  }

  return createServer().on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Before anything is awaited: a client that goes away meanwhile must not end the process.
    socket.on('error', () => socket.destroy())
    upgrade(req, socket, head).catch(() => refuseUpgrade(socket, fault))
  })
}
