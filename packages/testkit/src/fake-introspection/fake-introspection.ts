import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkOptions, kind, type Now, type OptionShape, wallClock } from '@countersign/core'
import { answer, type Behaviour } from '../fake-issuer/issuer-behaviour.js'
import { startLoopbackServer } from '../fake-issuer/loopback-server.js'
import { type IntrospectionMembers, type IntrospectionShape, introspectionAnswer } from './introspection-shapes.js'

/** Options of {@link createFakeIntrospection}. */
export interface FakeIntrospectionOptions {
  /** What stands in `iss`. @defaultValue the URL of the server */
  readonly issuer?: string
  /** Whose words its answers are in. @defaultValue `plain` */
  readonly shape?: IntrospectionShape
  /** The client that may ask. @defaultValue `api` */
  readonly clientId?: string
  /** Its secrets that are accepted. @defaultValue `['secret-of-the-api']` */
  readonly secrets?: readonly string[]
  /** Judges another kind of authentication by the fields of the form. @defaultValue the secrets alone */
  readonly accepts?: (form: URLSearchParams, authorization: string | undefined) => boolean
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/** An introspection endpoint (RFC 7662) with a real HTTP server on loopback, and with bad manners on demand. */
export interface FakeIntrospection {
  /** Of the endpoint. */
  readonly url: string
  readonly issuer: string
  /** Tokens of questions that were authenticated, in order. */
  readonly questions: readonly string[]
  /** The forms of all requests, in order. */
  readonly requests: readonly { readonly form: URLSearchParams; readonly authorization: string | undefined }[]
  /** The most questions that were open together. */
  readonly mostOpen: number
  /** Makes a token active. Its answer is in the words of the server, with these members laid over; undefined leaves one out. */
  activate(token: string, members?: Readonly<Record<string, unknown>>): void
  deactivate(token: string): void
  /** Replaces the secrets that are accepted. */
  setSecrets(...secrets: readonly string[]): void
  /** Misbehaves until told otherwise; undefined is good manners again. */
  behave(behaviour: Behaviour | undefined): void
  stop(): Promise<void>
  restart(): Promise<void>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const shape: OptionShape<FakeIntrospectionOptions> = {
  issuer: kind.string,
  shape: kind.oneOf('hydra', 'keycloak', 'spring', 'plain'),
  clientId: kind.string,
  secrets: kind.listOf(kind.string),
  accepts: kind.func,
  now: kind.func,
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

/** RFC 6749 §2.3.1: both parts are form-encoded. */
function basicOf(authorization: string | undefined): readonly [string, string] | undefined {
  const [scheme, encoded = ''] = (authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'basic') return undefined
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString().split(':')
  const decoded = (text: string): string => new URLSearchParams(`x=${text}`).get('x') ?? ''
  return [decoded(id), decoded(secret)]
}

/** Starts a fake introspection endpoint at `/introspect`. */
export async function createFakeIntrospection(options: FakeIntrospectionOptions = {}): Promise<FakeIntrospection> {
  checkOptions('createFakeIntrospection', options, shape)
  const { clientId = 'api', now = wallClock } = options
  const state = {
    secrets: options.secrets ?? ['secret-of-the-api'],
    behaviour: undefined as Behaviour | undefined,
    open: 0,
    mostOpen: 0,
  }
  const active = new Map<string, Readonly<Record<string, unknown>>>()
  const questions: string[] = []
  const requests: { form: URLSearchParams; authorization: string | undefined }[] = []
  const server = await startLoopbackServer((request, response) => void serve(request, response))
  const issuer = options.issuer ?? server.url

  function isAccepted(form: URLSearchParams, authorization: string | undefined): boolean {
    if (options.accepts) return options.accepts(form, authorization)
    const [id, secret] = basicOf(authorization) ?? [form.get('client_id'), form.get('client_secret')]
    return id === clientId && state.secrets.includes(secret ?? '')
  }

  function answerTo(token: string): IntrospectionMembers {
    const members = active.get(token)
    if (members === undefined) return { active: false }
    return { ...introspectionAnswer(options.shape ?? 'plain', { issuer, token, now: Math.floor(now() / 1000) }), ...members }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    state.open += 1
    state.mostOpen = Math.max(state.mostOpen, state.open)
    response.once('close', () => {
      state.open -= 1
    })
    const form = await formOf(request)
    const { authorization } = request.headers
    requests.push({ form, authorization })
    if (request.method !== 'POST' || request.url !== '/introspect') {
      response.writeHead(404).end()
      return
    }
    if (!isAccepted(form, authorization)) {
      response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': 'Basic' }).end('{"error":"invalid_client"}')
      return
    }
    const token = form.get('token') ?? ''
    questions.push(token)
    answer(request, response, { body: answerTo(token), contentType: 'application/json', caching: {} }, state.behaviour)
  }

  return {
    url: `${server.url}/introspect`,
    issuer,
    questions,
    requests,
    get mostOpen() {
      return state.mostOpen
    },
    activate: (token, members = {}) => void active.set(token, members),
    deactivate: (token) => void active.delete(token),
    setSecrets(...secrets) {
      state.secrets = secrets
    },
    behave(behaviour) {
      state.behaviour = behaviour
    },
    stop: server.stop,
    restart: server.restart,
    close: server.stop,
    [Symbol.asyncDispose]: server.stop,
  }
}
