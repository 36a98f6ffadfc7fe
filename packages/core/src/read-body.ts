import { isUtf8 } from 'node:buffer'
import type { WireRequest } from './http.js'
import { readStream } from './read-stream.js'

/** A body, or the status to refuse it with: 400 malformed, 413 too large, 415 of another media type. */
export type BodyResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly status: 400 | 413 | 415 }

/** The longest body that is read unless the caller says otherwise. */
export const defaultMaxBytes: number = 64 * 1024

/** The media type of the body, without parameters, in lower case. */
export function mediaType(request: WireRequest): string {
  const field = request.headers['content-type']
  const text = typeof field === 'string' ? field : ''
  const end = text.indexOf(';')
  return (end === -1 ? text : text.slice(0, end)).trim().toLowerCase()
}

const malformed = { ok: false, status: 400 } as const
const tooLarge = { ok: false, status: 413 } as const

/** Reads the stream, bounded. A stream that somebody has read already is empty. */
async function streamBytes(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<BodyResult<Buffer>> {
  const read = await readStream(stream, maxBytes)
  switch (read.outcome) {
    case 'complete':
      return { ok: true, value: read.bytes }
    case 'too_large':
      return tooLarge
    case 'broken':
      return malformed
  }
}

/** The bytes of the body: raw from the stream, or as the host has read it (text, bytes). */
async function bodyBytes({ body, stream }: WireRequest, maxBytes: number): Promise<BodyResult<Buffer>> {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return stream === undefined ? malformed : streamBytes(stream, maxBytes)
  const bytes = Buffer.from(body)
  return bytes.length > maxBytes ? tooLarge : { ok: true, value: bytes }
}

/** The body as text: raw from the stream, or as the host has read it. */
export async function bodyText(request: WireRequest, maxBytes: number): Promise<BodyResult<string>> {
  const bytes = await bodyBytes(request, maxBytes)
  if (!bytes.ok) return bytes
  if (!isUtf8(bytes.value)) return malformed
  const text = bytes.value.toString('utf8')
  // A byte order mark is no part of the text.
  return { ok: true, value: text.startsWith('\ufeff') ? text.slice(1) : text }
}

const isParsed = (body: unknown): body is object => typeof body === 'object' && body !== null && !(body instanceof Uint8Array)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Reads a JSON object, whether or not the host has parsed the body.
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
