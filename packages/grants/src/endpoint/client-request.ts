import { isUtf8 } from 'node:buffer'
import {
  type AttemptStore,
  addressBlock,
  authorizationField,
  type ClientCertificate,
  type FormOptions,
  type FormParameters,
  hasOwn,
  type ReplayStore,
  readForm,
  type WireRequest,
  wallClock,
} from '@countersign/core'
import { certificateSource, certificateThumbprint } from '@countersign/jwt/certificate'
import { claimOnce, readAssertion, type UseClaim, undoOf } from '../assertions/assertion.js'
import type { ClientVerdict, PresentedClient } from '../authentication/authenticate-client.js'
import type { Grant, Identification } from '../grants/grant.js'
import type { Changes } from '../issuing/changes.js'
import { createLimiter, type Reserved } from '../limits/rate-limits.js'
import { refused, refusedAs, type TokenReason, type TokenRefused } from '../refusal.js'
import type { ClientEndpointOptions } from './endpoint-options.js'

/** What says who makes a request. An asserted client is named by what its grant will prove. */
export type Caller = PresentedClient | { readonly method: 'asserted'; readonly id: string }

/** A request that could be read. Nothing of it is believed yet. */
export interface ParsedRequest {
  readonly ok: true
  readonly request: WireRequest
  readonly parameters: FormParameters
  readonly caller: Caller
  /** The TLS certificate of the connection, where certificates are read. */
  readonly certificate?: ClientCertificate | undefined
}

/** The steps with which every endpoint begins that authenticates clients. All reject with `Unavailable` in an outage. */
export interface ClientRequests {
  /**
   * Reads parameters and credentials, unless the address of the request sent too much that cannot be read, or failed too often.
   *
   * @param note - called with the parameters as soon as they are read
   */
  parse(request: WireRequest, note?: (parameters: FormParameters) => void): Promise<ParsedRequest | TokenRefused>
  /** Reserves the request in the budgets of its address and client. */
  rateLimit(parsed: Pick<ParsedRequest, 'request' | 'caller' | 'certificate'>): Promise<Reserved | TokenRefused>
  /** Decides whether the client is who it says it is. Its client assertion is not used up yet: see {@link claimAssertion}. */
  authenticateClient(parsed: Pick<ParsedRequest, 'caller' | 'certificate'>, limit: Reserved): Promise<ClientVerdict>
}

interface ClientRequestsOptions extends Omit<ClientEndpointOptions, 'issuer' | 'dialect'> {
  readonly attempts: AttemptStore
  /** Our own `iss`. Without it, no client assertion is accepted. */
  readonly issuer?: string
  /** Whose requests are counted; failures count together, wherever they happen. @defaultValue 'token' */
  readonly endpoint?: string
  readonly form?: FormOptions
  /** Id of the public client that is used when a request names no client. */
  readonly anonymousClient?: string | undefined
}

/** Why a body could not be read, by status. */
const bodyFaults: Readonly<Record<400 | 413 | 415, TokenReason>> = {
  400: 'malformed_request',
  413: 'too_large',
  415: 'unsupported_media_type',
}

/** These refusals are of a client that is registered. */
export const ofKnownClient: readonly TokenReason[] = ['locked_client', 'wrong_secret', 'wrong_certificate', 'wrong_method_of_client']

/** The client id that a request names: it need not be known. */
export function namedClient(caller: Caller): string {
  if (caller.method === 'anonymous') return ''
  return caller.method === 'client_secret_basic' ? (caller.decoded?.id ?? caller.raw.id) : caller.id
}

/** What the budgets must know of a request. */
function limited({
  request,
  caller,
  certificate,
}: Pick<ParsedRequest, 'request' | 'caller' | 'certificate'>): Parameters<ReturnType<typeof createLimiter>['reserve']>[0] {
  const isGuess = caller.method === 'client_secret_basic' || caller.method === 'client_secret_post'
  const isProof = isGuess || caller.method === 'private_key_jwt' || (caller.method === 'none' && certificate !== undefined)
  return { address: addressBlock(request.ip), clientId: namedClient(caller), isGuess, isProof }
}

/** Makes the steps of an endpoint. */
export function createClientRequests(options: ClientRequestsOptions): ClientRequests {
  const { clients, attempts, issuer, rateLimits = {}, endpoint, form = {}, anonymousClient, now = wallClock } = options
  const certificateOf = options.certificate && certificateSource(options.certificate.from)
  const limiter = createLimiter({ attempts, limits: rateLimits, now, ...(endpoint !== undefined && { endpoint }) })

  async function parse(request: WireRequest, note?: (parameters: FormParameters) => void): Promise<ParsedRequest | TokenRefused> {
    if (request.method !== undefined && request.method !== 'POST') return refused('wrong_method')
    const address = addressBlock(request.ip)
    const refusal = await limiter.beforeReading(address, authorizationField(request) !== undefined)
    if (refusal) return refusal
    const read = await readForm(request, form)
    if (!read.ok) {
      await limiter.unreadable(address)
      return refused(bodyFaults[read.status])
    }
    const { value: parameters } = read
    note?.(parameters)
    const caller = presentedClient(request, parameters)
    return hasOwn(caller, 'ok') ? caller : { ok: true, request, parameters, caller, certificate: certificateOf?.(request) }
  }

  /** The grant proves it. */
  async function asserted(id: string): Promise<ClientVerdict> {
    const client = await clients.find(id)
    if (client === undefined || client.isLocked) return refusedAs('invalid_grant', client ? 'locked_client' : 'unknown_client')
    return { ok: true, client, secretId: undefined }
  }

  async function authenticateClient(parsed: Pick<ParsedRequest, 'caller' | 'certificate'>, limit: Reserved): Promise<ClientVerdict> {
    const verdict = await verdictOn(parsed, limit)
    const { certificate } = parsed
    return verdict.ok && certificate ? { ...verdict, certificate: { thumbprint: certificateThumbprint(certificate.der) } } : verdict
  }

  async function verdictOn(
    { caller, certificate }: Pick<ParsedRequest, 'caller' | 'certificate'>,
    limit: Reserved,
  ): Promise<ClientVerdict> {
    if (caller.method === 'asserted') return asserted(caller.id)
    if (caller.method === 'anonymous' && anonymousClient === undefined) return refused('no_authentication')
    const known = caller.method === 'anonymous' ? ({ method: 'none', id: anonymousClient ?? '' } as const) : caller
    const presented = known.method === 'none' && certificate ? { ...known, certificate } : known
    const verdict = await clients.authenticate(presented, issuer === undefined ? {} : { issuer })
    await (verdict.ok ? limit.succeeded() : limit.failed())
    return verdict
  }

  return { parse, rateLimit: (parsed) => limiter.reserve(limited(parsed)), authenticateClient }
}

/** Uses up the client assertion of a request, where it has one. A request that is refused before uses nothing up. */
export async function claimAssertion(
  claim: UseClaim | undefined,
  { replay, changes }: { readonly replay: ReplayStore; readonly changes: Changes },
): Promise<TokenRefused | undefined> {
  if (claim === undefined) return undefined
  const fault = await changes.make((callId) => claimOnce(replay, claim, callId), undoOf(replay, claim))
  return fault && refusedAs('invalid_client', fault.reason)
}

/** Of these, the proof that a request brings would otherwise not be looked at. */
const notThere: readonly TokenReason[] = ['unknown_client', 'locked_client']

/**
 * The caller, where nothing but what a request presents to its grant identifies the client (RFC 7523 §3.1). An id that the request names
 * as well must be the same.
 */
export async function callerByGrant(grant: Grant | undefined, caller: Caller, parameters: FormParameters): Promise<Caller> {
  if (grant?.identification === undefined || (caller.method !== 'anonymous' && caller.method !== 'none')) return caller
  const id = await grant.identification.named(parameters)
  return id !== undefined && (caller.method === 'anonymous' || caller.id === id) ? { method: 'asserted', id } : caller
}

/** For a client that is not there: takes as long as the proof of one that is. */
export function lookAtProof(grant: Grant | undefined, { caller, parameters }: ParsedRequest, reason: TokenReason): void {
  if (caller.method === 'asserted' && notThere.includes(reason)) grant?.identification?.unknown?.(parameters)
}

/**
 * Why a client that is only named, by what its grant has to prove, is not that client. A stranger is told this before anything else is
 * judged: it must not learn what the client may do, whether it must send a DPoP proof, or that it is there.
 */
export async function notIdentified(
  grant: Grant | undefined,
  { caller, parameters }: ParsedRequest,
  asked: Omit<Parameters<Identification['reason']>[0], 'parameters'>,
): Promise<TokenRefused | undefined> {
  return caller.method === 'asserted' ? grant?.identification?.reason({ ...asked, parameters }) : undefined
}

/** What follows `Basic`. Other schemes say nothing about the client: one HTTP session may serve several of them. */
function basicCredentials(request: WireRequest): readonly string[] {
  return [authorizationField(request) ?? []]
    .flat()
    .map((field) => field.trim())
    .filter((field) => /^basic(?: |$)/i.test(field))
    .map((field) => field.slice('basic'.length).trim())
}

/** RFC 4648 §4, the one encoding of its bytes, of UTF-8. */
function decodeBase64(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text && isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

function decodeForm(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined // decodeURIComponent throws for nothing but malformed escapes
  }
}

function presentedBasic(credentials: string): PresentedClient | TokenRefused {
  const text = decodeBase64(credentials)
  const colon = text?.indexOf(':') ?? -1
  // RFC 7617 §2: a secret may contain colons, an id may not.
  if (text === undefined || colon < 1) return refused('malformed_credentials')
  const raw = { id: text.slice(0, colon), secret: text.slice(colon + 1) }
  const id = decodeForm(raw.id)
  const secret = decodeForm(raw.secret)
  return { method: 'client_secret_basic', raw, decoded: id === undefined || secret === undefined ? undefined : { id, secret } }
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** RFC 7521 §4.2: `client_id` is not needed, but if it is there it names the same client. */
function presentedAssertion(parameters: FormParameters): PresentedClient | TokenRefused {
  if (parameters.get('client_assertion_type') !== assertionType) return refused('unsupported_authentication')
  const read = readAssertion(parameters.get('client_assertion') ?? '')
  if (!read.ok) return refusedAs('invalid_client', read.reason)
  const { jws, claims } = read
  const id = claims.sub
  if (id === undefined || id !== (parameters.get('client_id') ?? id)) return refusedAs('invalid_client', 'assertion_subject')
  return { method: 'private_key_jwt', id, assertion: { jws, claims } }
}

/** Reads how a request identifies its client: in one way only (RFC 6749 §2.3). */
export function presentedClient(request: WireRequest, parameters: FormParameters): PresentedClient | TokenRefused {
  const basic = basicCredentials(request)
  const id = parameters.get('client_id')
  const secret = parameters.get('client_secret')
  const isAssertion = parameters.get('client_assertion') !== undefined || parameters.get('client_assertion_type') !== undefined
  if (basic.length + Number(secret !== undefined) + Number(isAssertion) > 1) return refused('several_authentications')
  if (isAssertion) return presentedAssertion(parameters)
  if (basic[0] !== undefined) {
    const presented = presentedBasic(basic[0])
    const named = hasOwn(presented, 'raw') ? [presented.raw.id, presented.decoded?.id] : [id]
    return id === undefined || named.includes(id) ? presented : refused('several_authentications')
  }
  if (id === undefined) return secret === undefined ? { method: 'anonymous' } : refused('malformed_credentials')
  return secret === undefined ? { method: 'none', id } : { method: 'client_secret_post', id, secret }
}
