import { tlsIdentity } from '../../contracts/tls-identity.js'

export { X509Certificate } from 'node:crypto'
export { createServer } from 'node:https'
export { authOf, protect } from '@countersign/express'
export { type CertificateSource, clientCertHeader, createGuard, forwardedClientCert, jwks } from '@countersign/verifier'
export { default as express } from 'express'

export const key: string = tlsIdentity.key
export const cert: string = tlsIdentity.cert
