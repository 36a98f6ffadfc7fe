import { type Refusal, refuse, type WireRequest } from '@countersign/core'
import { type CertificateOptions, certificateSource, certificateThumbprint } from '@countersign/jwt/certificate'

/** Why the certificate of a request is not the one that its token is bound to; undefined if it is. */
export type CertificateCheck = (request: WireRequest, thumbprint: string) => Refusal | undefined

const missing = refuse('certificate_missing')
const other = refuse('certificate_other')

/**
 * Makes what compares certificates (RFC 8705 §3). That one is expired or self-signed does not matter: it names a key, and the connection has proved
 * that the client has it.
 */
export function createCertificateCheck({ from }: CertificateOptions): CertificateCheck {
  const read = certificateSource(from)
  return (request, thumbprint) => {
    const certificate = read(request)
    if (certificate === undefined) return missing
    return certificateThumbprint(certificate.der) === thumbprint ? undefined : other
  }
}
