import type { CertificateSource } from './certificate-options.js'
import { checkedProxy, type TrustedProxyOptions, trustedField, trustedProxyShape } from './trusted-proxy.js'

/** A Byte Sequence without parameters (RFC 9651 §3.3.5). */
const form = /^:([A-Za-z0-9+/]+={0,2}):$/

/**
 * Reads the field `Client-Cert` of a proxy that ends TLS (RFC 9440 §2.2): for the option `certificate.from`. The proxy must remove a field of that name which
 * a client sent. A field of anybody else, one that is sent twice, and one that is malformed count as no certificate.
 *
 * @throws TypeError for an option that is unknown or wrong
 * @example
 * const from = clientCertHeader({ trusted: ({ socket }) => socket?.remoteAddress === '10.0.0.7' })
 * const sent = { socket: { remoteAddress: '10.0.0.7' }, headers: { 'client-cert': ':MAA=:' } }
 * console.log(from(sent)?.der.length) // → 2
 */
export function clientCertHeader(options: TrustedProxyOptions): CertificateSource {
  const { trusted, isAuthorized } = checkedProxy('clientCertHeader', options, trustedProxyShape)
  return (request) => {
    const [, encoded] = form.exec(trustedField(request, 'client-cert', trusted)?.trim() ?? '') ?? []
    if (encoded === undefined) return undefined
    const der = Buffer.from(encoded, 'base64')
    // The one encoding of its bytes: a reader that is lenient may see another certificate.
    return der.toString('base64') === encoded ? { der, isAuthorized } : undefined
  }
}
