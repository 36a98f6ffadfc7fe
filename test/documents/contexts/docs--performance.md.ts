import { oidc } from '@countersign/verifier'

export { createGuard } from '@countersign/verifier'
export const issuers = { main: oidc({ issuer: 'https://login.example', algorithms: ['ES256'], audience: 'https://api.example' }) }
