import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createSender } from '@countersign/testkit'
import { createNames } from './names.js'

/** A request. A form is sent as such, JSON as such. */
export interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>> | string
  readonly json?: unknown
  readonly body?: string
}

/** An answer as it came. */
export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
}

/** Sends a request and writes down what came of it, under a name. */
export type Ask = (name: string, asked: Asked) => Promise<Answered>

/** What is kept of a request. */
export interface Step {
  readonly name: string
  readonly request: string
  readonly status: number
  readonly headers: unknown
  readonly body?: unknown
  /** What was published until the answer was there, each with its channel. */
  readonly events: readonly unknown[]
  /** What was put on record before a token was issued. */
  readonly audit?: readonly unknown[]
}

/** Every channel, by the name that hosts subscribe to. */
export const channels = [
  'accepted',
  'refused',
  'anonymous',
  'key-source',
  'revocation',
  'issuer',
  'key',
  'nonce',
  'token',
  'client',
  'token-revocation',
  'introspection',
  'integration',
].map((name) => `countersign:${name}`)

/** Of the connection, of the length of prose, or of the framework. */
const notOurs = ['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding', 'x-powered-by']

/** Listens on all channels. */
export function listen(): { take(): readonly unknown[]; end(): void } {
  const heard: unknown[] = []
  const listeners = channels.map((channel) => ({ channel, hear: (event: unknown) => void heard.push([channel, event]) }))
  for (const { channel, hear } of listeners) subscribe(channel, hear)
  return {
    take: () => heard.splice(0),
    end: () => {
      for (const { channel, hear } of listeners) unsubscribe(channel, hear)
    },
  }
}

function bodyOf({ form, json, body }: Asked): { readonly type?: string; readonly text?: string } {
  if (form !== undefined) {
    const text = typeof form === 'string' ? form : new URLSearchParams(form).toString()
    return { type: 'application/x-www-form-urlencoded', text }
  }
  if (json !== undefined) return { type: 'application/json', text: JSON.stringify(json) }
  return body === undefined ? {} : { text: body }
}

/** The view of revocations also reads in the background: what it tells is not of one request. */
const revocation = 'countersign:revocation'
const isOfRequest = (event: unknown): boolean => (event as readonly unknown[])[0] !== revocation

/** What was told of revocations meanwhile, each once. That the store answers again is told when it is read the next time. */
function revocationsOf(events: readonly unknown[]): readonly unknown[] {
  const told = events.filter((event) => !isOfRequest(event)).map((event) => JSON.stringify(event))
  return [...new Set(told)]
    .filter((event) => !event.includes('"recovered"'))
    .sort()
    .map((event) => JSON.parse(event) as unknown)
}

const textOf = (value: unknown): unknown => {
  if (typeof value !== 'string' || value === '') return undefined
  return /^[[{]/.test(value) ? (JSON.parse(value) as unknown) : value
}

/** A framework's own ETag is a weak one. */
const isOurs = ([name, value]: readonly [string, unknown]): boolean =>
  !notOurs.includes(name) && !(name === 'etag' && String(value).startsWith('W/'))

/** @param audited - takes what was put on record since the last time */
export function createRecorder(
  url: string,
  { take, audited }: { readonly take: () => readonly unknown[]; readonly audited: () => readonly unknown[] },
): { readonly ask: Ask; finish(): readonly Step[] } {
  const send = createSender(url)
  const { clean } = createNames()
  const steps: Step[] = []
  const all: unknown[] = []
  // What was done before the first request is not an answer to it.
  take()
  return {
    finish() {
      const events = revocationsOf([...all, ...take()])
      return [...steps, { name: 'all revocations', request: '', status: 0, headers: {}, events }]
    },
    async ask(name, asked) {
      const { method = 'POST', path = '/token', headers = {} } = asked
      const { type, text } = bodyOf(asked)
      const fields = Object.entries({ ...(type !== undefined && { 'content-type': type }), ...headers })
      const reply = await send({ method, path, headers: fields, ...(text !== undefined && { body: text }) })
      await new Promise((resolve) => setImmediate(resolve))
      const body = textOf(reply.body)
      const sorted = Object.entries(reply.headers)
        .filter(isOurs)
        .sort(([a], [b]) => (a < b ? -1 : 1))
      const [events, audit] = [take(), audited()]
      all.push(...events)
      steps.push({
        name,
        request: `${method} ${String(clean(path))}`,
        status: reply.status,
        headers: clean(Object.fromEntries(sorted)),
        ...(body !== undefined && { body: clean(body) }),
        events: events.filter(isOfRequest).map(clean),
        ...(audit.length > 0 && { audit: audit.map(clean) }),
      })
      return { status: reply.status, headers: reply.headers, body: (body ?? {}) as Answered['body'] }
    },
  }
}
