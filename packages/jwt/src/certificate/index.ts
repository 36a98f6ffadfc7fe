export {
  type CertificateOptions,
  type CertificateSource,
  certificateShape,
  certificateSource,
  certificateThumbprint,
} from './certificate-options.js'
export { clientCertHeader } from './client-cert-header.js'
export { type ForwardedClientCertOptions, forwardedClientCert } from './forwarded-client-cert.js'
export type { TrustedProxyOptions } from './trusted-proxy.js'
