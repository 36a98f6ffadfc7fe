import type { Reply, WireRequest } from './http.js'

/** A client that proved who it is. */
interface ProvedClient {
  readonly ok: true
  readonly clientId: string
  /**
   * Names of what it proved that with, as denylist entries of the type `client_key` have them: what the client is given now ends with
   * each of them. @defaultValue not known: what it is given ends with the client alone
   */
  readonly credentials?: readonly string[]
}

/** Who makes a request, or the reply that refuses it. */
export type ClientAuthentication = ProvedClient | { readonly ok: false; readonly reply: Reply }

/** Authenticates a client (RFC 6749 §2.3). Rejects with `Unavailable` in an outage. */
export type ClientAuthenticator = (request: WireRequest) => Promise<ClientAuthentication>
