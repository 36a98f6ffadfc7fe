import { isUtf8 } from 'node:buffer'
import { headerField } from './header-fields.js'
import type { WireRequest } from './http.js'
import { countMembers, parseJson, plainNames } from './json-text.js'
import { readStream } from './read-stream.js'

/** A body, or the status to refuse it with: 400 malformed, 413 too large, 415 of another media type or compressed. */
export type BodyResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly status: 400 | 413 | 415 }

/** The longest body that is read unless the caller says otherwise. */
export const defaultMaxBytes: number = 64 * 1024

/** The media type of the body, without parameters, in lower case. */
export function mediaType(request: WireRequest): string {
  const field = headerField(request, 'content-type')
  const text = typeof field === 'string' ? field : ''
  const end = text.indexOf(';')
  return (end === -1 ? text : text.slice(0, end)).trim().toLowerCase()
}

const malformed = { ok: false, status: 400 } as const
const tooLarge = { ok: false, status: 413 } as const

/**
 * Reads the stream, bounded.
 *
 * @throws Error if somebody has read it before: the client sent what it should, and the host lost it
 */
async function streamBytes(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<BodyResult<Buffer>> {
  const read = await readStream(stream, maxBytes)
  switch (read.outcome) {
    case 'complete':
      return { ok: true, value: read.bytes }
    case 'too_large':
      return tooLarge
    case 'broken':
      return malformed
    case 'taken':
      throw new Error(
        'the body of this request was read before this endpoint: mount the endpoint before the middleware that reads bodies, or let that middleware leave the body in req.body (Koa: ctx.request.body)',
      )
  }
}

/** Whether the bytes of the stream are the body itself (RFC 9110 §8.4). What the host has read, it has decoded as well. */
function isPlain(request: WireRequest): boolean {
  const coding = [headerField(request, 'content-encoding') ?? ''].flat().join().trim().toLowerCase()
  return coding === '' || coding === 'identity'
}

/** The bytes of the body: raw from the stream, or as the host has read it (text, bytes). */
async function bodyBytes(request: WireRequest, maxBytes: number): Promise<BodyResult<Buffer>> {
  const { body, stream } = request
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    if (stream === undefined) return malformed
    return isPlain(request) ? streamBytes(stream, maxBytes) : { ok: false, status: 415 }
  }
  const bytes = Buffer.from(body)
  return bytes.length > maxBytes ? tooLarge : { ok: true, value: bytes }
}

/** The body as text: raw from the stream, or as the host has read it. A byte order mark stays. */
export async function bodyText(request: WireRequest, maxBytes: number): Promise<BodyResult<string>> {
  const bytes = await bodyBytes(request, maxBytes)
  if (!bytes.ok) return bytes
  if (!isUtf8(bytes.value)) return malformed
  return { ok: true, value: bytes.value.toString('utf8') }
}

const isParsed = (body: unknown): body is object => typeof body === 'object' && body !== null && !(body instanceof Uint8Array)

/** Members of a value at every depth. It does not recurse: nesting is as deep as a client likes. */
function membersIn(value: unknown): number {
  const left: unknown[] = [value]
  let members = 0
  while (left.length > 0) {
    const one = left.pop()
    if (typeof one !== 'object' || one === null) continue
    const parts = Object.values(one)
    if (!Array.isArray(one)) members += parts.length
    for (const part of parts) left.push(part)
  }
  return members
}

/** What a text says; undefined if it is not JSON, or has a duplicate member: parsers differ in which one counts (RFC 8259 §4). */
function parse(text: string): unknown {
  // RFC 8259 §8.1 allows to ignore a byte order mark.
  const plain = plainNames(text.startsWith('\ufeff') ? text.slice(1) : text)
  if (plain === undefined) return undefined
  const value = parseJson(plain)
  return membersIn(value) === countMembers(plain) ? value : undefined
}

/**
 * Reads a JSON object, whether or not the host has parsed the body. A member that is there twice is malformed; what the host has
 * parsed does not tell.
 *
 * @param options - `maxBytes` @defaultValue 65536
 */
export async function readJson(
  request: WireRequest,
  options: { readonly maxBytes?: number } = {},
): Promise<BodyResult<Readonly<Record<string, unknown>>>> {
  const type = mediaType(request)
  if (type !== 'application/json' && !(type.startsWith('application/') && type.endsWith('+json'))) return { ok: false, status: 415 }
  const text = isParsed(request.body) ? undefined : await bodyText(request, options.maxBytes ?? defaultMaxBytes)
  if (text && !text.ok) return text
  const value = text ? parse(text.value) : request.body
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return malformed
  // Without a prototype: a member that is not there is not found in Object.prototype either.
  return { ok: true, value: Object.assign(Object.create(null), value) as Readonly<Record<string, unknown>> }
}
