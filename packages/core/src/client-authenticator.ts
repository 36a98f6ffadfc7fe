import type { Reply, WireRequest } from './http.js'

/** Who makes a request, or the reply that refuses it. */
export type ClientAuthentication = { readonly ok: true; readonly clientId: string } | { readonly ok: false; readonly reply: Reply }

/** Authenticates a client (RFC 6749 §2.3). Rejects with `Unavailable` in an outage. */
export type ClientAuthenticator = (request: WireRequest) => Promise<ClientAuthentication>
