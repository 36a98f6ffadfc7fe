import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import {
  connect,
  createServer as createHttp2Server,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createSender } from '@countersign/testkit'
import inject from 'light-my-request'
import serverless from 'serverless-http'
import { tlsIdentity } from './tls-identity.js'

/** A request as a client sends it: field names and values in turn, which may be there twice. */
interface Asked {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly fields?: readonly (readonly [name: string, value: string])[]
  readonly body?: string
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** How requests reach the listener of a framework. */
export interface WayIn {
  readonly name: string
  /** Whether its client lets a field be sent twice. Node's client of HTTP/2 does not. */
  readonly repeats: boolean
  ask(listener: RequestListener, asked: Asked): Promise<Answered>
}

/** A text where a field was sent once, else a list. */
function valuesOf(fields: Asked['fields'] = []): Readonly<Record<string, string | string[]>> {
  const names = [...new Set(fields.map(([name]) => name))]
  const all = (name: string): string[] => fields.filter(([other]) => other === name).map(([, value]) => value)
  return Object.fromEntries(names.map((name) => [name, all(name).length === 1 ? (all(name)[0] ?? '') : all(name)]))
}

async function overHttp(listener: RequestListener, { fields = [], ...asked }: Asked): Promise<Answered> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const send = createSender(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  try {
    return await send({ ...asked, headers: fields })
  } finally {
    server.close()
  }
}

type Http2Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void

async function overHttp2(listener: RequestListener, { method, path, fields = [], body }: Asked, isSecure: boolean): Promise<Answered> {
  const compatible = listener as unknown as Http2Listener
  const server = (isSecure ? createSecureServer(tlsIdentity, compatible) : createHttp2Server(compatible)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const session = connect(`${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`, { ca: tlsIdentity.cert })
  try {
    const own = valuesOf(fields.map(([name, value]) => [name.toLowerCase(), value]))
    const stream = session.request({ ':method': method, ':path': path, ...own })
    stream.end(body)
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    return { status: Number(headers[':status']), headers, body: await text(stream) }
  } finally {
    session.close()
    server.close()
  }
}

/** An HTTP/1.1 client at a server that speaks HTTP/2 as well: the one way in which Express runs at such a server. */
async function overAlpn(listener: RequestListener, { method, path, fields = [], body }: Asked): Promise<Answered> {
  const server = createSecureServer({ ...tlsIdentity, allowHTTP1: true }, listener as unknown as Http2Listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    const asked = request({ host: '127.0.0.1', port, path, method, agent: false, ca: tlsIdentity.cert })
    for (const [name, value] of Object.entries(valuesOf(fields))) asked.setHeader(name, value)
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) }
  } finally {
    server.close()
  }
}

/** An event of API Gateway (payload 1.0), with names as the client wrote them. */
async function overLambda(listener: RequestListener, { method, path, fields = [], body = '' }: Asked): Promise<Answered> {
  const multiValueHeaders = Object.fromEntries(Object.entries(valuesOf(fields)).map(([name, value]) => [name, [value].flat()]))
  const requestContext = { identity: { sourceIp: '192.0.2.7' } }
  // serverless-http takes the field of `headers` where both have one.
  const event = { httpMethod: method, path, headers: {}, multiValueHeaders, body, requestContext }
  const answer = (await serverless(listener)(event, {})) as { statusCode: number; headers: Record<string, string>; body: string }
  return { status: answer.statusCode, headers: answer.headers, body: answer.body }
}

async function overInjection(listener: RequestListener, { method, path, fields = [], body }: Asked): Promise<Answered> {
  const answer = await inject(listener, {
    method,
    url: path,
    headers: valuesOf(fields),
    ...(body !== undefined && { payload: body }),
  })
  return { status: answer.statusCode, headers: answer.headers, body: answer.payload }
}

/** What every framework is reached by. */
export const ways: readonly WayIn[] = [
  { name: 'node:http', repeats: true, ask: overHttp },
  { name: 'HTTP/1.1 at a server of node:http2', repeats: true, ask: overAlpn },
  { name: 'serverless-http', repeats: true, ask: overLambda },
  { name: 'light-my-request', repeats: true, ask: overInjection },
]

/** HTTP/2 itself. Express gives its requests the prototype of HTTP/1.1, and so cannot be reached by it. */
export const http2Ways: readonly WayIn[] = [
  { name: 'node:http2', repeats: false, ask: (listener, asked) => overHttp2(listener, asked, false) },
  { name: 'node:http2 with TLS', repeats: false, ask: (listener, asked) => overHttp2(listener, asked, true) },
]
