import { headerField } from './header-fields.js'
import type { WireRequest } from './http.js'
import { type BodyResult, bodyText, defaultMaxBytes, mediaType, readJson } from './read-body.js'

/** Parameters of a token request (RFC 6749 §3.2): each one text, once. What was sent empty is absent. */
export interface FormParameters {
  get(name: string): string | undefined
  /** Every value of a parameter that may be repeated. */
  all(name: string): readonly string[]
}

/** Options of {@link readForm}. */
export interface FormOptions {
  /** Whether a JSON object of strings is accepted too. @defaultValue false */
  readonly json?: boolean
  /** Parameters that may be there several times. @defaultValue none */
  readonly repeatable?: readonly string[]
  /** @defaultValue 65536 */
  readonly maxBytes?: number
}

type Pairs = readonly (readonly [name: string, value: unknown])[]

const malformed = { ok: false, status: 400 } as const

/** Twice what the longest request of any grant has. More would only cost the server time. */
const maxParameters = 100

/** Counted before anything is split, so that a long list costs no more than its bytes. */
function hasTooMany(text: string): boolean {
  let count = 1
  for (let at = text.indexOf('&'); at !== -1 && count <= maxParameters; at = text.indexOf('&', at + 1)) count += 1
  return count > maxParameters
}

/** One half of a pair. Unlike URLSearchParams it does not accept malformed escapes. */
const decode = (text: string): string => (/[%+]/.test(text) ? decodeURIComponent(text.replaceAll('+', ' ')) : text)

function pairsOfText(text: string): Pairs | undefined {
  // It would be a part of the first name.
  if (text.startsWith('\ufeff') || hasTooMany(text)) return undefined
  try {
    return text
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const at = pair.indexOf('=')
        return at === -1 ? [decode(pair), ''] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))]
      })
  } catch {
    return undefined // decodeURIComponent throws for nothing but malformed escapes
  }
}

/** `name[]=x` and `name[0]=x`, as a parser gives them that knows brackets. What is repeated has two values or more. */
const isBracketed = (value: unknown): boolean => Array.isArray(value) && value.length < 2

/** What the host's parser made of the body. A list is what it makes of a repeated parameter. */
function pairsOfParsed(body: object): Pairs | undefined {
  if (Array.isArray(body)) return undefined
  const entries: Pairs = body instanceof Map || body instanceof URLSearchParams ? [...body] : Object.entries(body)
  if (entries.some(([, value]) => isBracketed(value))) return undefined
  return entries.flatMap(([name, value]) => (Array.isArray(value) ? value.map((one: unknown) => [name, one] as const) : [[name, value]]))
}

/** `name[$gt]`: some parsers make an object of it, others a name with brackets. Both are refused. */
const isName = (name: unknown): name is string => typeof name === 'string' && !name.includes('[')

function collect(pairs: Pairs, repeatable: readonly string[]): BodyResult<FormParameters> {
  if (pairs.length > maxParameters) return malformed
  const found = new Map<string, string[]>()
  for (const [name, value] of pairs) {
    if (!isName(name) || typeof value !== 'string') return malformed
    const before = found.get(name)
    if (before && !repeatable.includes(name)) return malformed
    const values = before ?? []
    if (value !== '') values.push(value)
    found.set(name, values)
  }
  return { ok: true, value: { get: (name) => found.get(name)?.[0], all: (name) => found.get(name) ?? [] } }
}

const isParsed = (body: unknown): body is object => typeof body === 'object' && body !== null && !(body instanceof Uint8Array)

async function readPairs(request: WireRequest, maxBytes: number): Promise<BodyResult<Pairs>> {
  const text = isParsed(request.body) ? undefined : await bodyText(request, maxBytes)
  if (text && !text.ok) return text
  const pairs = text ? pairsOfText(text.value) : pairsOfParsed(request.body as object)
  return pairs ? { ok: true, value: pairs } : malformed
}

async function readJsonPairs(request: WireRequest, maxBytes: number): Promise<BodyResult<Pairs>> {
  const body = await readJson(request.body instanceof Map ? { ...request, body: Object.fromEntries(request.body) } : request, { maxBytes })
  if (!body.ok) return body
  // A parameter that is null was not sent.
  const pairs = Object.entries(body.value).filter(([, value]) => value !== null)
  return pairs.some(([, value]) => Array.isArray(value)) ? malformed : { ok: true, value: pairs }
}

/** What has no body needs no media type for it (RFC 9110 §8.3). */
function isNothing(request: WireRequest): boolean {
  const length = headerField(request, 'content-length')
  return length === '0' || (length === undefined && headerField(request, 'transfer-encoding') === undefined && request.body === undefined)
}

/**
 * Reads the parameters of a form (RFC 6749 appendix B), whether or not the host has parsed the body, and however it has.
 * Parameters of the query are not looked at.
 *
 * @returns 400 for what is malformed, repeated, not a string, or has more than 100 parameters; 413 and 415
 */
export async function readForm(request: WireRequest, options: FormOptions = {}): Promise<BodyResult<FormParameters>> {
  const { maxBytes = defaultMaxBytes, repeatable = [], json = false } = options
  const type = mediaType(request)
  if (type === '' && isNothing(request)) return collect([], repeatable)
  const isJson = json && type === 'application/json'
  if (!isJson && type !== 'application/x-www-form-urlencoded') return { ok: false, status: 415 }
  // What the host has parsed is not counted again; what it was told is.
  if (Number(headerField(request, 'content-length') ?? 0) > maxBytes) return { ok: false, status: 413 }
  const pairs = isJson ? await readJsonPairs(request, maxBytes) : await readPairs(request, maxBytes)
  return pairs.ok ? collect(pairs.value, repeatable) : pairs
}
