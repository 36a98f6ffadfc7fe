import { hash } from 'node:crypto'
import { type ClientCertificate, certificateOf, kind, type OptionShape, shownValue, type WireRequest } from '@countersign/core'

/** Reads the certificate of the client of a request; undefined where it has none. */
export type CertificateSource = (request: WireRequest) => ClientCertificate | undefined

/** Where the certificates of clients are read (RFC 8705). */
export interface CertificateOptions {
  /**
   * `tls`: the connection that the request came by. Behind a proxy that ends TLS, a function: what {@link clientCertHeader} or
   * {@link forwardedClientCert} returns, or one of the host's.
   */
  readonly from: 'tls' | CertificateSource
}

/** What each of the options must be. */
export const certificateShape: OptionShape<CertificateOptions> = {
  from: kind.required({
    ...kind.either(kind.oneOf('tls'), kind.func),
    must: '"tls", or a function that reads the certificate of a request, for instance clientCertHeader({ trusted })',
  }),
}

/**
 * A function that reads certificates as the option `from` says.
 *
 * @throws TypeError, when it is called, if a function of the host's returns something else than a certificate
 */
export function certificateSource(from: CertificateOptions['from']): CertificateSource {
  if (from === 'tls') return certificateOf
  return (request) => {
    const certificate = from(request)
    if (certificate === undefined) return undefined
    if (certificate?.der instanceof Uint8Array && typeof certificate.isAuthorized === 'boolean') return certificate
    throw new TypeError(`certificate.from must return { der, isAuthorized } or undefined, got ${shownValue(certificate)}`)
  }
}

/**
 * What names a certificate: the SHA-256 of its DER, base64url, as in `cnf` of a token (`x5t#S256`, RFC 8705 §3.1).
 *
 * @example
 * console.log(certificateThumbprint(new Uint8Array([0x30, 0x00])).length) // → 43
 */
export function certificateThumbprint(der: Uint8Array): string {
  return hash('sha256', der, 'base64url')
}
