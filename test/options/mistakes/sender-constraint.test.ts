import * as verifier from '@countersign/verifier'
import { itTells, loose } from './mistake.js'

const createGuard = loose(verifier.createGuard)
const rule = { issuer: 'https://issuer.test', algorithms: ['ES256'] as const, audience: 'api' }
const issuers = { partner: verifier.jwks({ ...rule, url: 'https://issuer.test/jwks' }) }
const bound = verifier.jwks({ ...rule, url: 'https://issuer.test/jwks', senderConstraint: 'certificate' })
const proved = verifier.jwks({ ...rule, url: 'https://issuer.test/jwks', senderConstraint: 'dpop' })

itTells([
  [
    'a sender constraint without a way to prove it',
    () => createGuard({ issuers, senderConstraint: {} }),
    'createGuard: senderConstraint must have dpop, certificate or both, got neither',
  ],
  [
    'certificates from a place that is not known',
    () => createGuard({ issuers, senderConstraint: { certificate: { from: 'header' } } }),
    'createGuard: senderConstraint.certificate.from must be "tls", or a function that reads the certificate of a request, for instance clientCertHeader({ trusted }), got "header"',
  ],
  [
    'an entry that requires certificates, which the guard does not check',
    () => createGuard({ issuers: { partner: bound }, resource: 'https://api.test', senderConstraint: { dpop: {} } }),
    'createGuard: senderConstraint.certificate must be given, because the entry "partner" requires bound tokens, got undefined',
  ],
  [
    'an entry that requires proofs, which the guard does not check',
    () => createGuard({ issuers: { partner: proved }, senderConstraint: { certificate: { from: 'tls' } } }),
    'createGuard: senderConstraint.dpop must be given, because the entry "partner" requires bound tokens, got undefined',
  ],
  [
    'a field with certificates that anybody may send',
    () => loose(verifier.clientCertHeader)({}),
    'clientCertHeader: trusted must be a function, got undefined',
  ],
  ['the same of Envoy', () => loose(verifier.forwardedClientCert)({}), 'forwardedClientCert: trusted must be a function, got undefined'],
])
