import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { checkOptions, kind, type WireHeaders } from '@countersign/core'

/** A request as it goes over the wire: header fields in order, names and values as they are, twice if given twice. */
export interface SentRequest {
  /** @defaultValue `GET` */
  readonly method?: string
  /** Path and query. */
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: string | Uint8Array
}

/** An answer: header fields by lower-case name, as `node:http` gives them. */
export interface ReceivedReply {
  readonly status: number
  readonly headers: WireHeaders
  readonly body: string
}

/** Sends one request. */
export type Send = (request: SentRequest) => Promise<ReceivedReply>

/**
 * Sends to one server over a connection of its own, and byte for byte: header values are not checked, as those of
 * `node:http` and `fetch` are, so that what an attacker can send can be sent. Text is UTF-8.
 *
 * @param baseUrl - for instance `http://127.0.0.1:3000`; a path in it is put before every request's path
 * @param options - `timeoutSeconds` for the whole exchange, 10 by default
 */
export function createSender(baseUrl: string, options: { readonly timeoutSeconds?: number } = {}): Send {
  checkOptions<typeof options>('createSender', options, { timeoutSeconds: kind.positiveSeconds })
  const { protocol, hostname, port, host, pathname } = new URL(baseUrl)
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`createSender: the URL must be http or https, got ${protocol}`)
  const isTls = protocol === 'https:'
  const place = { host: hostname, port: Number(port) || (isTls ? 443 : 80) }
  const prefix = pathname.replace(/\/$/, '')
  return async ({ method = 'GET', path, headers, body }) => {
    const content = body === undefined ? undefined : Buffer.from(body)
    const lines = [`${method} ${prefix}${path} HTTP/1.1`, `host: ${host}`, 'connection: close']
    for (const [name, value] of headers) lines.push(`${name}: ${value}`)
    if (content) lines.push(`content-length: ${content.length}`)
    const socket = isTls ? connectTls({ ...place, servername: hostname }) : connect(place)
    const message = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content ?? Buffer.alloc(0)])
    return parseReply(await exchange(socket, message, options.timeoutSeconds ?? 10))
  }
}

function exchange(socket: Socket, message: Buffer, timeoutSeconds: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutSeconds} s`)), timeoutSeconds * 1000)
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', (error) => {
      // A server that refuses early closes while we still write; what it answered counts.
      if (chunks.length === 0) reject(error)
    })
    socket.on('close', () => {
      clearTimeout(timer)
      if (chunks.length === 0) reject(new Error('the connection was closed without an answer'))
      else resolve(Buffer.concat(chunks))
    })
    socket.write(message)
  })
}

function parseReply(bytes: Buffer): ReceivedReply {
  const end = bytes.indexOf('\r\n\r\n')
  const [statusLine = '', ...fields] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(statusLine.split(' ')[1])
  if (end < 0 || !Number.isInteger(status)) throw new Error('the answer is not HTTP')
  const headers: Record<string, string | string[]> = {}
  for (const field of fields) {
    const colon = field.indexOf(':')
    const name = field.slice(0, colon).toLowerCase()
    const value = field.slice(colon + 1).trim()
    const earlier = [headers[name] ?? []].flat()
    headers[name] = name === 'set-cookie' ? [...earlier, value] : [...earlier, value].join(', ')
  }
  const content = bytes.subarray(end + 4)
  const isChunked = headers['transfer-encoding'] === 'chunked'
  return { status, headers, body: (isChunked ? joinChunks(content) : content).toString('utf8') }
}

function joinChunks(content: Buffer): Buffer {
  const chunks: Buffer[] = []
  let at = 0
  while (at < content.length) {
    const lineEnd = content.indexOf('\r\n', at)
    const size = Number.parseInt(content.toString('latin1', at, lineEnd), 16)
    if (!(size > 0)) break
    chunks.push(content.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
  return Buffer.concat(chunks)
}
