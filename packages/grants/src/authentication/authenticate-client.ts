import type { ClientCertificate, ClientKeys, Now } from '@countersign/core'
import type { PresentedAssertion, UseClaim } from '../assertions/assertion.js'
import { createEvenVerification } from '../assertions/stand-in-key.js'
import type { UsedKey } from '../assertions/used-key.js'
import { type Client, isClientId } from '../clients/record/client.js'
import type { ClientRecords } from '../clients/record/client-record.js'
import type { KeptSecret, SecretHasher } from '../clients/record/client-secret.js'
import type { ClientRecord } from '../clients/record/stored-client.js'
import { refused, type TokenReason, type TokenRefused } from '../refusal.js'
import { judgeClientAssertion } from './client-assertion.js'
import { judgeClientCertificate, usesCertificate } from './client-certificate.js'

/** A client id and secret. */
export interface IdAndSecret {
  readonly id: string
  readonly secret: string
}

/** What a request says about its client; nothing of it is checked yet. */
export type PresentedClient =
  /** Form-decoded (RFC 6749 §2.3.1) where that is possible, and as it was sent. */
  | { readonly method: 'client_secret_basic'; readonly decoded: IdAndSecret | undefined; readonly raw: IdAndSecret }
  | ({ readonly method: 'client_secret_post' } & IdAndSecret)
  /** No more than an id. With a certificate, the connection may prove it (RFC 8705 §2). */
  | { readonly method: 'none'; readonly id: string; readonly certificate?: ClientCertificate | undefined }
  /** A JWT that the client signed (RFC 7523 §2.2). `id` is what it says of itself. */
  | { readonly method: 'private_key_jwt'; readonly id: string; readonly assertion: PresentedAssertion }
  /** Nothing at all. */
  | { readonly method: 'anonymous' }

/** A client that proved who it is. */
export interface AuthenticatedClient {
  readonly ok: true
  readonly client: Client
  /** Id of the secret that it used; undefined where it used none. */
  readonly secretId: string | undefined
  /** The key that it signed a client assertion with, or that of its certificate. */
  readonly key?: UsedKey
  /** Whether it authenticated itself by its TLS certificate. @defaultValue false */
  readonly isByCertificate?: boolean
  /** The certificate of the request. */
  readonly certificate?: { readonly thumbprint: string } | undefined
  /** What has to be claimed in a `ReplayStore` before the client assertion counts; undefined where there is none. */
  readonly replayClaim?: UseClaim | undefined
}

/** Who makes a request, or why that is not believed. */
export type ClientVerdict = AuthenticatedClient | TokenRefused

interface AuthenticateOptions {
  readonly records: ClientRecords
  readonly hasher: SecretHasher
  readonly keys: ClientKeys | undefined
  readonly now: Now
  /** Told of a secret that was right. Nothing waits for it. */
  readonly noteUse: (clientId: string, kept: KeptSecret, secret: string) => void
}

/** The halves of Basic as this client writes them. */
function asWritten(
  presented: Extract<PresentedClient, { method: 'client_secret_basic' | 'client_secret_post' }>,
  client: ClientRecord | undefined,
): IdAndSecret {
  if (presented.method === 'client_secret_post') return presented
  return client?.basicEncoding === 'raw' ? presented.raw : (presented.decoded ?? presented.raw)
}

/** The client that a request means: the form-decoded id first; as it was sent for clients that write it so. */
async function meant(
  records: ClientRecords,
  presented: Exclude<PresentedClient, { method: 'anonymous' }>,
): ReturnType<ClientRecords['get']> {
  if (presented.method !== 'client_secret_basic') return records.get(presented.id)
  const { raw, decoded = raw } = presented
  const known = await records.get(decoded.id)
  if (known !== undefined || decoded.id === raw.id) return known
  const written = await records.get(raw.id)
  return written?.record.basicEncoding === 'raw' ? written : undefined
}

/** Who is asked to judge a client: client assertions are for one issuer only. */
export interface AuthenticationContext {
  /** Our own `iss`. Without it, no client assertion is accepted. */
  readonly issuer?: string
}

/** Judges who a client says it is. Rejects with `Unavailable` in an outage. */
export function createClientJudge(
  options: AuthenticateOptions,
): (presented: Exclude<PresentedClient, { method: 'anonymous' }>, context?: AuthenticationContext) => Promise<ClientVerdict> {
  const { records, hasher, keys, now, noteUse } = options
  const verify = createEvenVerification()

  return async (presented, { issuer } = {}) => {
    const known = await meant(records, presented)
    const client = known?.record
    if (presented.method === 'none') {
      if (client !== undefined && usesCertificate(client)) return judgeClientCertificate(presented.certificate, known?.client, keys)
      const fault = faultOf(client, 'none')
      return fault || !known ? refused(fault ?? 'unknown_client') : { ok: true, client: known.client, secretId: undefined }
    }
    if (presented.method === 'private_key_jwt') {
      if (keys === undefined || issuer === undefined) return refused('unsupported_authentication')
      if (!isClientId(presented.id)) return refused('unknown_client')
      // Judged on every path, before anything else is said about the client.
      const judged = await judgeClientAssertion(presented, client?.assertion, { keys, issuer, nowMs: now(), verify })
      const fault = faultOf(client, presented.method)
      if (fault || !known) return refused(fault ?? 'unknown_client')
      return judged.ok ? { ok: true, client: known.client, secretId: undefined, key: judged.key, replayClaim: judged.once } : judged
    }
    const { id, secret } = asWritten(presented, client)
    // Compared on every path, before anything else is said about the client.
    const match = hasher.match(secret, client?.secrets ?? [], now() / 1000)
    const fault = faultOf(client, presented.method)
    if (fault || !known) return refused(fault ?? 'unknown_client')
    if (match === undefined || id !== known.record.id) return refused('wrong_secret')
    noteUse(id, match, secret)
    return { ok: true, client: known.client, secretId: match.id }
  }
}

function faultOf(client: ClientRecord | undefined, method: ClientRecord['authMethods'][number]): TokenReason | undefined {
  if (client === undefined) return 'unknown_client'
  if (client.isLocked) return 'locked_client'
  return client.authMethods.includes(method) ? undefined : 'wrong_method_of_client'
}
