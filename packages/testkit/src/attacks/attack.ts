import type { FakeIssuer } from '../fake-issuer/fake-issuer.js'
import type { ReceivedReply, Send, SentRequest } from '../mounts/http-sender.js'
import type { TokenOptions } from '../tokens/token-factory.js'

/** Paths of the app that is attacked. All answer GET; those that are left out leave attacks out. */
export interface AttackRoutes {
  /** Admits every valid token of `issuer` and, where it is given, of `otherIssuer`. */
  readonly guarded: string
  /** Demands the scopes `a` and `b`, both. */
  readonly scoped?: string
  /** Admits a request without credentials. */
  readonly optional?: string
  /** Admits what `guarded` admits and answers JSON with the member `sub`, the subject of the token. */
  readonly identity?: string
}

/** The app that is attacked, and what it was set up with. Set up an app for the attacks alone: they leave it in disorder. */
export interface AttackTarget {
  /** Sends to the app: `createSender(url)`, or a function of your own that sends header fields exactly as given. */
  readonly send: Send
  readonly routes: AttackRoutes
  /**
   * An issuer that the app trusts, created with an `audience` and with keys of its own. The app fetches the keys from its
   * `jwksUrl` and accepts the algorithms of its keys, its audience and no other, and no token without `exp`.
   */
  readonly issuer: FakeIssuer
  /** A second issuer that the app trusts in the same way, with other keys. */
  readonly otherIssuer?: FakeIssuer
  /** A third one that was stopped before the app started, and stays so. */
  readonly deadIssuer?: FakeIssuer
  /** Claims that every valid token needs beside those of the issuer. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The clock of the app and of `issuer`, where they share one that can be moved. */
  readonly clock?: { advance(seconds: number): void }
  /** After so many seconds the app has fetched the keys anew. @defaultValue 600 */
  readonly refreshSeconds?: number
  /** So much longer it believes known keys while the issuer is down. @defaultValue 900 */
  readonly staleSeconds?: number
}

/** What the challenge of an answer must be (RFC 6750 §3). */
type ExpectedChallenge =
  | 'none'
  /** A bearer challenge without an error code: no credentials were given. */
  | 'bare'
  | 'invalid_token'
  | 'invalid_request'
  | 'insufficient_scope'
  /** The server may have answered before the app was asked. */
  | 'any'

/** What an app must answer. */
export interface ExpectedReply {
  /** Usually one. */
  readonly status: readonly number[]
  readonly challenge: ExpectedChallenge
  /** Scopes that the challenge names, in any order. */
  readonly scopes?: readonly string[]
}

/** One attack. */
export interface Attack {
  readonly family: string
  readonly name: string
  readonly expected: ExpectedReply
  /** Resolves to the answer that counts; rejects with what was wrong before it came to that. */
  attempt(): Promise<ReceivedReply>
}

/** An attack that the setup does not allow. */
export interface AttackNotRun {
  readonly family: string
  readonly name: string
  /** The option of {@link AttackTarget} that is not given. */
  readonly needs: string
}

/** What attacks are made with. */
export interface AttackContext {
  readonly target: AttackTarget
  /** A token of `issuer` that is valid except for the given changes. */
  valid(options?: TokenOptions): Promise<string>
  /** A token of another issuer, with the claims that the target wants. */
  validOf(issuer: FakeIssuer, options?: TokenOptions): Promise<string>
  /** A GET of the guarded route with these header fields. */
  sendFields(fields: SentRequest['headers'], path?: string): Promise<ReceivedReply>
  /** A GET with a bearer token. */
  sendToken(token: string, path?: string): Promise<ReceivedReply>
}

/** Answers that attacks expect. */
export const expectations: Readonly<Record<'admitted' | 'bare' | 'badToken' | 'badRequest' | 'outage', ExpectedReply>> = {
  admitted: { status: [200], challenge: 'none' },
  bare: { status: [401], challenge: 'bare' },
  badToken: { status: [401], challenge: 'invalid_token' },
  badRequest: { status: [400], challenge: 'invalid_request' },
  outage: { status: [503], challenge: 'none' },
}

/** Prepares what attacks are made with. */
export function attackContext(target: AttackTarget): AttackContext {
  const validOf: AttackContext['validOf'] = (issuer, { claims, ...options } = {}) =>
    issuer.token({ ...options, claims: { ...target.claims, ...claims } })
  const sendFields: AttackContext['sendFields'] = (headers, path = target.routes.guarded) => target.send({ method: 'GET', path, headers })
  return {
    target,
    validOf,
    valid: (options) => validOf(target.issuer, options),
    sendFields,
    sendToken: (token, path) => sendFields([['authorization', `Bearer ${token}`]], path),
  }
}

/** Fails an attack before its last answer. */
export function insist(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise)
}
