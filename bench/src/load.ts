import { connect, type Socket } from 'node:net'

/** Requests that were answered, and how long that took. */
export interface Load {
  readonly answered: number
  readonly milliseconds: number
}

const connections = 32

/** How long the answer at the start of the text is, or undefined while it is not complete. */
function answerLength(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const field = text.slice(0, head).toLowerCase().indexOf('\r\ncontent-length: ')
  if (!text.startsWith('HTTP/1.1 200 ') || field === -1) throw new Error(`the server answered ${text.slice(0, 300)}`)
  const end = head + 4 + Number.parseInt(text.slice(field + 18, head), 10)
  return text.length >= end ? end : undefined
}

/** Sends one request after the other on one connection until the time is up. */
function client(socket: Socket, next: () => string, endAt: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answered = 0
    let received = ''
    socket.on('data', (chunk: string) => {
      received = received === '' ? chunk : received + chunk
      try {
        const length = answerLength(received)
        if (length === undefined) return
        received = received.slice(length)
      } catch (error) {
        socket.destroy(error as Error)
        return
      }
      answered += 1
      if (performance.now() < endAt) socket.write(next(), 'latin1')
      else socket.end(() => resolve(answered))
    })
    socket.once('error', reject)
    socket.write(next(), 'latin1')
  })
}

function open(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => resolve(socket))
    socket.setEncoding('latin1').setNoDelay(true).once('error', reject)
  })
}

/** The requests for a server: one for each token. */
export function requestsFor(url: string, tokens: readonly string[]): readonly string[] {
  const { host } = new URL(url)
  return tokens.map((token) => `GET /records HTTP/1.1\r\nhost: ${host}\r\naccept: */*\r\nauthorization: Bearer ${token}\r\n\r\n`)
}

/**
 * Keeps 32 connections busy, without pipelining, with requests in turn.
 *
 * @throws if an answer is not 200
 */
export async function load(url: string, requests: readonly string[], milliseconds: number): Promise<Load> {
  let at = 0
  const next = (): string => {
    at = at + 1 === requests.length ? 0 : at + 1
    return requests[at] as string
  }
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(new URL(url))))
  const startedAt = performance.now()
  const counts = await Promise.all(sockets.map((socket) => client(socket, next, startedAt + milliseconds)))
  return { answered: counts.reduce((sum, count) => sum + count, 0), milliseconds: performance.now() - startedAt }
}
