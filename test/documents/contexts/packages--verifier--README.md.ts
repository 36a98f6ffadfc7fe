import { createServer } from 'node:http'
import { createGuard, oidc } from '@countersign/verifier'

export type { RotatingSecrets } from '@countersign/core'
export { staticKeys } from '@countersign/verifier'
export const server = createServer()
export const guard = createGuard({
  issuers: { main: oidc({ issuer: 'https://login.example', algorithms: ['ES256'], audience: 'https://api.example' }) },
})
