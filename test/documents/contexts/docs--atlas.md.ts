export { cognito, jwks, oidc } from '@countersign/verifier'
