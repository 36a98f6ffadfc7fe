import { askInTime, asUnavailable, type Fetch, Unavailable } from '@countersign/core'
import { parseJsonObject } from '@countersign/jwt'
import { type BoundedResponse, boundedFetch, shownUrl } from '@countersign/jwt/jwks'
import type { IntrospectionCredentials, RequestCredentials } from './client-authentication.js'

/** What an introspection endpoint says: members of the answer, without a prototype, deeply frozen. */
export type IntrospectionAnswer = Readonly<Record<string, unknown>>

/** How an endpoint is asked. */
export interface IntrospectionEndpoint {
  readonly url: URL
  readonly fetch: Fetch
  readonly credentials: IntrospectionCredentials
  /** For the whole answer, all candidates for a secret included. */
  readonly timeoutMs: number
  readonly closing: AbortSignal
}

const maxAnswerBytes = 256 * 1024
/** Longest wait that an endpoint can demand of clients. */
const maxRetrySeconds = 60

/** The answer to one request, or that the endpoint did not accept our credentials. */
type Reply = IntrospectionAnswer | 'not_accepted'

/** RFC 9110 §10.2.3: seconds; a date is not worth a clock of another machine. */
function retryAfter(headers: BoundedResponse['headers']): number {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) ? Math.min(Math.max(1, seconds), maxRetrySeconds) : 1
}

function readAnswer(text: string, name: string): IntrospectionAnswer {
  const read = parseJsonObject(Buffer.from(text))
  if ('object' in read) return read.object
  const { reason } = read
  throw new Error(
    `${name} did not answer with one JSON object: ${reason.kind === 'malformed' ? reason.what : `an integer in ${reason.member} that a double cannot hold`}`,
  )
}

async function readReply(response: BoundedResponse, name: string): Promise<Reply> {
  const { status, headers } = response
  if (status === 200) return readAnswer(await response.text(), name)
  // RFC 6749 §5.2: invalid_client is 401, or 400 of servers that do not challenge.
  if (status === 401 || (status === 400 && (await response.text()).includes('invalid_client'))) return 'not_accepted'
  throw new Unavailable('introspection_unavailable', {
    cause: new Error(`${name} was answered with status ${status}`),
    retryAfterSeconds: retryAfter(headers),
  })
}

async function send(
  token: string,
  endpoint: IntrospectionEndpoint,
  { headers, form }: RequestCredentials,
  signal: AbortSignal,
): Promise<Reply> {
  const { url, fetch } = endpoint
  const name = shownUrl(url)
  const init = {
    method: 'POST' as const,
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ token, token_type_hint: 'access_token', ...form }).toString(),
    signal,
  }
  return boundedFetch(url, { name, fetch, init, maxBytes: maxAnswerBytes }, (response) => readReply(response, name))
}

/**
 * Asks an introspection endpoint about a token (RFC 7662 §2): by POST, under one deadline for the whole answer, without redirects, bounded.
 *
 * @returns the members of the answer. Rejects with `Unavailable` for everything that is not a JSON object
 */
export async function introspect(token: string, endpoint: IntrospectionEndpoint): Promise<IntrospectionAnswer> {
  const { credentials, timeoutMs, closing, url } = endpoint
  async function request(signal: AbortSignal): Promise<IntrospectionAnswer> {
    for (const candidate of credentials.candidates()) {
      const reply = await send(token, endpoint, await candidate(), signal)
      if (reply !== 'not_accepted') return reply
    }
    throw new Error(`${shownUrl(url)} did not accept the credentials of this guard`)
  }
  try {
    return await askInTime(request, { milliseconds: timeoutMs, isRepeatable: true, closing })
  } catch (cause) {
    throw asUnavailable(cause, 'introspection_unavailable')
  }
}
