import { X509Certificate } from 'node:crypto'
import { kind, type OptionShape } from '@countersign/core'
import type { CertificateSource } from './certificate-options.js'
import { checkedProxy, type TrustedProxyOptions, trustedField, trustedProxyShape } from './trusted-proxy.js'

/** Options of {@link forwardedClientCert}. */
export interface ForwardedClientCertOptions extends TrustedProxyOptions {
  /** Name of the field. @defaultValue `'x-forwarded-client-cert'` */
  readonly field?: string
}

const shape: OptionShape<ForwardedClientCertOptions> = { ...trustedProxyShape, field: kind.string }

/** A key, and a value in quotation marks, with `\"` for one of them, or without. */
const pair = /([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;]*))(;|$)/y

/** The values under one key of one element; undefined for several elements, and for all that is not `key=value;…`. */
function valuesOf(field: string, key: string): readonly string[] | undefined {
  const values: string[] = []
  pair.lastIndex = 0
  for (let end = false; !end; ) {
    const [, name, quoted, plain, separator] = pair.exec(field) ?? []
    if (name === undefined) return undefined
    if (name.toLowerCase() === key) values.push(quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '')
    end = separator === ''
  }
  return values
}

const block = /^-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----\s*$/

/** DER of one PEM block in percent-encoding. */
function decoded(value: string): Uint8Array | undefined {
  try {
    const pem = decodeURIComponent(value)
    return block.test(pem) ? new X509Certificate(pem).raw : undefined
  } catch {
    return undefined // what cannot be decoded is not a certificate
  }
}

/**
 * Reads the field `X-Forwarded-Client-Cert` of Envoy (and of meshes that are made of it): for the option `certificate.from`. Envoy must have `forward_client_cert_details: SANITIZE_SET` and
 * `set_current_client_cert_details: { cert: true }`. A field of anybody else, one with several elements, and one without `Cert` count as no
 * certificate: with several elements, nobody can say which is that of the client.
 *
 * @throws TypeError for an option that is unknown or wrong
 * @example
 * const from = forwardedClientCert({ trusted: ({ socket }) => socket?.remoteAddress === '127.0.0.1' })
 * console.log(from({ socket: { remoteAddress: '10.9.8.7' }, headers: { 'x-forwarded-client-cert': 'Cert="…"' } })) // → undefined
 */
export function forwardedClientCert(options: ForwardedClientCertOptions): CertificateSource {
  const { trusted, isAuthorized } = checkedProxy('forwardedClientCert', options, shape)
  const name = (options.field ?? 'x-forwarded-client-cert').toLowerCase()
  return (request) => {
    const [value, ...more] = valuesOf(trustedField(request, name, trusted) ?? '', 'cert') ?? []
    const der = value === undefined || more.length > 0 ? undefined : decoded(value)
    return der && { der, isAuthorized }
  }
}
