/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly headers: Headers
  readonly text: string
  /** Undefined for a body that is no JSON. */
  readonly body: Readonly<Record<string, unknown>> | undefined
}

/** What is sent. */
export interface Sent {
  readonly method?: string
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  readonly text?: string
  readonly basic?: { readonly id: string; readonly secret: string }
  readonly bearer?: string
  readonly headers?: Readonly<Record<string, string>>
}

function bodyOf({ json, form, text }: Sent): { readonly type?: string; readonly body?: string } {
  if (json !== undefined) return { type: 'application/json', body: JSON.stringify(json) }
  if (form !== undefined) return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(form).toString() }
  return text === undefined ? {} : { body: text }
}

function parse(text: string): Answer['body'] {
  try {
    return JSON.parse(text) as Answer['body']
  } catch {
    return undefined
  }
}

/** Sends a request; Basic as the published clients write it, without encoding. */
export async function send(url: string, sent: Sent = {}): Promise<Answer> {
  const { type, body } = bodyOf(sent)
  const { basic, bearer } = sent
  const headers: Record<string, string> = {
    ...(type !== undefined && { 'content-type': type }),
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(basic && { authorization: `Basic ${Buffer.from(`${basic.id}:${basic.secret}`).toString('base64')}` }),
    ...sent.headers,
  }
  const method = sent.method ?? (body === undefined ? 'GET' : 'POST')
  const reply = await fetch(url, { method, headers, ...(body !== undefined && { body }) })
  const text = await reply.text()
  return { status: reply.status, type: reply.headers.get('content-type') ?? '', headers: reply.headers, text, body: parse(text) }
}

/** How the body is sent. */
export const encodings = ['json', 'form'] as const
/** One of {@link encodings}. */
export type Encoding = (typeof encodings)[number]

type Fields = Readonly<Record<string, string>>

/** Asks for a token. */
export function askToken(
  app: { readonly url: string },
  fields: Fields,
  how: Sent & { readonly as?: Encoding; readonly path?: string } = {},
): Promise<Answer> {
  const { as = 'form', path = '/v1/token', ...sent } = how
  return send(app.url + path, { method: 'POST', ...sent, ...(as === 'json' ? { json: fields } : { form: fields }) })
}

/** A member of an answer that is a text. */
export function textIn(answer: Answer, name: string): string {
  const value = answer.body?.[name]
  if (typeof value !== 'string') throw new Error(`no ${name} in ${answer.status} ${answer.text}`)
  return value
}

/** What a token says, unverified. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Readonly<Record<string, unknown>>
}
