import { connect, type Socket } from 'node:net'

/** Requests that were answered, and how long that took. */
interface Load {
  readonly answered: number
  readonly milliseconds: number
}

const connections = 32

/** How long the answer is that the bytes begin with, or undefined while its head is not complete. */
function answerLength(bytes: Buffer): number | undefined {
  const text = bytes.toString('latin1')
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const field = text.slice(0, head).toLowerCase().indexOf('\r\ncontent-length: ')
  if (field === -1) throw new Error(`the server answered ${text}`)
  return head + 4 + Number.parseInt(text.slice(field + 18, head), 10)
}

/** `HTTP/1.1 200` by its ninth to twelfth byte. */
function isOk(bytes: Buffer): boolean {
  return bytes.length > 12 && bytes.toString('latin1', 9, 12) === '200'
}

interface Connection {
  readonly socket: Socket
  /** Bytes of the answer that came, and how many it has: all answers of a server are equally long. */
  received: number
  length: number | undefined
  /** Called with every complete answer, or with what went wrong. */
  answered: (error?: unknown) => void
}

function open(url: URL): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => resolve(connection))
    const connection: Connection = { socket, received: 0, length: undefined, answered: () => undefined }
    socket.setNoDelay(true).once('error', reject)
    socket.on('data', (chunk) => take(connection, chunk))
  })
}

function take(connection: Connection, chunk: Buffer): void {
  try {
    if (connection.received === 0 && !isOk(chunk)) throw new Error(`the server answered ${chunk.toString('latin1')}`)
    connection.length ??= answerLength(chunk)
    connection.received += chunk.length
    if (connection.received !== connection.length) return
    connection.received = 0
    connection.answered()
  } catch (error) {
    connection.answered(error)
  }
}

/** Sends one request after the other on one connection until the time is up. */
function keepBusy(connection: Connection, next: () => string, endAt: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answers = 0
    connection.answered = (error) => {
      if (error !== undefined) return reject(error instanceof Error ? error : new Error('the load failed', { cause: error }))
      answers += 1
      if (performance.now() < endAt) connection.socket.write(next(), 'latin1')
      else resolve(answers)
    }
    connection.socket.write(next(), 'latin1')
  })
}

/** To wake a process that sleeps costs the server more on a virtual machine than a guard: the load does not sleep. */
function stayAwake(endAt: number): void {
  if (performance.now() < endAt) setImmediate(stayAwake, endAt)
}

/** What a client of an API sends beside its token. */
const otherFields = 'accept: application/json\r\naccept-encoding: gzip, deflate, br\r\nuser-agent: bench/1.0\r\nconnection: keep-alive'

/** A load on one server. */
export interface Loader {
  /** @throws if an answer is not 200 */
  run(milliseconds: number): Promise<Load>
  close(): void
}

/** Opens 32 connections, which `run` keeps busy, without pipelining, with requests that carry the tokens in turn. */
export async function createLoader(url: string, tokens: readonly string[]): Promise<Loader> {
  const { host, pathname } = new URL(url)
  const head = `GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\n${otherFields}`
  return createRequestLoader(
    url,
    tokens.map((token) => `${head}\r\nauthorization: Bearer ${token}\r\n\r\n`),
  )
}

/** The same with forms: one, which is posted again and again. */
export async function createFormLoader(url: string, form: string, authorization: string): Promise<Loader> {
  const { host, pathname } = new URL(url)
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\n${otherFields}\r\nauthorization: ${authorization}`
  const body = `content-type: application/x-www-form-urlencoded\r\ncontent-length: ${form.length}\r\n\r\n${form}`
  return createRequestLoader(url, [`${head}\r\n${body}`])
}

async function createRequestLoader(url: string, requests: readonly string[]): Promise<Loader> {
  const opened = await Promise.all(Array.from({ length: connections }, () => open(new URL(url))))
  let at = 0
  const next = (): string => {
    at = at + 1 === requests.length ? 0 : at + 1
    return requests[at] as string
  }
  return {
    async run(milliseconds) {
      const startedAt = performance.now()
      stayAwake(startedAt + milliseconds)
      const counts = await Promise.all(opened.map((connection) => keepBusy(connection, next, startedAt + milliseconds)))
      return { answered: counts.reduce((sum, count) => sum + count, 0), milliseconds: performance.now() - startedAt }
    },
    close() {
      for (const { socket } of opened) socket.destroy()
    },
  }
}
