/** The TLS certificate of a client, which has proved in the handshake that it has the private key. */
export interface ClientCertificate {
  /** X.509, in DER. */
  readonly der: Uint8Array
  /** Whether a CA that the server trusts has signed it. False for a self-signed one. */
  readonly isAuthorized: boolean
}

/** The part of a connection that is read. Sockets of `node:net` and `node:tls` fit; those of mocks may have nothing of it. */
export interface PeerSocket {
  /** Address of the peer itself, which no header field can change. */
  readonly remoteAddress?: string | undefined
  /** Whether the certificate of the peer was signed by a trusted CA. */
  readonly authorized?: boolean | undefined
  readonly getPeerX509Certificate?: (() => { readonly raw: Uint8Array } | undefined) | undefined
}

/**
 * The certificate that a client presented: the one that the host gives, else that of the connection. Undefined where the connection is not
 * TLS, or has none: a server gets one only if it requests it (`requestCert`).
 *
 * @example
 * import { createServer } from 'node:https'
 * import { certificateOf } from '@countersign/core'
 *
 * const server = createServer({ requestCert: true, rejectUnauthorized: false }, (req, res) => {
 *   res.end(certificateOf(req)?.isAuthorized ? 'signed by a CA' : 'self-signed, or none')
 * })
 * console.log(typeof server.listen) // → function
 */
export function certificateOf(request: {
  readonly certificate?: ClientCertificate | undefined
  readonly socket?: PeerSocket | undefined
}): ClientCertificate | undefined {
  const { certificate, socket } = request
  if (certificate !== undefined) return certificate
  const der = socket?.getPeerX509Certificate?.()?.raw
  return der && { der, isAuthorized: socket?.authorized === true }
}
