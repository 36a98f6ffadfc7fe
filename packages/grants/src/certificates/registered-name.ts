import { type ClientCertificate, kind, type OptionShape } from '@countersign/core'
import { addressBytes, certificateNames } from './certificate-names.js'
import { isSameName, parseName } from './distinguished-name.js'

/** The name in the certificate of a client that authenticates by `tls_client_auth` (RFC 8705 §2.1.2): exactly one of these. */
export interface TlsClientAuth {
  /** The whole subject, as RFC 4514 writes it: `CN=records,O=Clinic,C=DE`. Case and spaces count. */
  readonly subjectDn?: string
  /** A DNS name among the alternative names. */
  readonly sanDns?: string
  readonly sanUri?: string
  /** IPv4 or IPv6. */
  readonly sanIp?: string
  readonly sanEmail?: string
}

const isName = (value: unknown): boolean => typeof value === 'string' && parseName(value) !== undefined
const isAddress = (value: unknown): boolean => typeof value === 'string' && addressBytes(value) !== undefined

/** What each of the members must be. */
export const tlsClientAuthShape: OptionShape<TlsClientAuth> = {
  subjectDn: kind.satisfying('a name as RFC 4514 writes it, for instance "CN=records,O=Clinic,C=DE"', isName),
  sanDns: kind.string,
  sanUri: kind.string,
  sanIp: kind.satisfying('an IPv4 or IPv6 address', isAddress),
  sanEmail: kind.string,
}

/**
 * Whether a certificate is that of a client: a trusted CA has signed it, and it has the registered name. The names are read from the DER, and
 * compared by equality; DNS names without case. A wildcard in a certificate is a name like others, and fits no host.
 */
export function hasRegisteredName({ der, isAuthorized }: ClientCertificate, registered: TlsClientAuth | undefined): boolean {
  const names = isAuthorized && registered !== undefined ? certificateNames(der) : undefined
  if (names === undefined || registered === undefined) return false
  const { subjectDn, sanDns, sanUri, sanIp, sanEmail } = registered
  if (subjectDn !== undefined) {
    const name = parseName(subjectDn)
    return name !== undefined && names.subject !== undefined && isSameName(name, names.subject)
  }
  if (sanDns !== undefined) return names.san.dns.some((one) => one.toLowerCase() === sanDns.toLowerCase())
  if (sanUri !== undefined) return names.san.uri.includes(sanUri)
  if (sanIp !== undefined) return names.san.ip.some((one) => one === addressBytes(sanIp))
  return sanEmail !== undefined && names.san.email.includes(sanEmail)
}
