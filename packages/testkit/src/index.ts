export type { AttackRoutes, AttackTarget } from './attacks/attack.js'
export { type AttackReport, type AttackRow, attackGuard } from './attacks/attack-guard.js'
export { type DegenerateKey, degenerateKeys } from './attacks/degenerate-keys.js'
export type { FakeCognitoMail } from './fake-cognito/challenges.js'
export type { FakeCognitoClient } from './fake-cognito/clients.js'
export { createFakeCognito, type FakeCognito, type FakeCognitoOptions } from './fake-cognito/fake-cognito.js'
export type { FakeCognitoOperation } from './fake-cognito/operations.js'
export type { FakeCognitoCall, FakeCognitoFailure } from './fake-cognito/protocol.js'
export { totpCode } from './fake-cognito/totp.js'
export type { FakeCognitoFactor, FakeCognitoUser, FakeCognitoUserOptions, FakeCognitoUsers } from './fake-cognito/users.js'
export {
  createFakeIntrospection,
  type FakeIntrospection,
  type FakeIntrospectionOptions,
} from './fake-introspection/fake-introspection.js'
export type { IntrospectionShape } from './fake-introspection/introspection-shapes.js'
export { type BadDocument, badJwksDocuments } from './fake-issuer/bad-documents.js'
export { createFakeIssuer, type FakeIssuer, type FakeIssuerOptions, type IssuerEndpoint } from './fake-issuer/fake-issuer.js'
export type { Behaviour, Caching } from './fake-issuer/issuer-behaviour.js'
export { type FixedClock, fixedClock } from './fixed-clock.js'
export { malformedTokens } from './malformed/malformed-tokens.js'
export { createSender, type ReceivedReply, type Send, type SentRequest } from './mounts/http-sender.js'
export {
  type MountAdapter,
  type MountApp,
  type MountCase,
  type MountRequest,
  type MountRespond,
  mountContract,
} from './mounts/mount-contract.js'
export { type BreakableProxy, breakableProxy } from './store-conformance/breakable-proxy.js'
export { remoteStores, serveStores } from './store-conformance/remote-stores.js'
export type { BreakableNetwork, OpenedStores, StoreBackend, StoreCase } from './store-conformance/store-backend.js'
export { storeConformance } from './store-conformance/store-conformance.js'
export { encodeSegment, type ForgedParts, forgeToken, hmacSigner, rawSigner, type SignInput, signToken } from './tokens/signed-token.js'
export { privateKeyOf, publicJwkOf, publicKeyOf, renameKey, type TestKey, type TestKeyName, testKeys } from './tokens/test-keys.js'
export { type TokenFactory, type TokenFactoryOptions, type TokenOptions, tokenFactory } from './tokens/token-factory.js'
export type { MalformedFamily, MalformedToken, TakeApartOptions } from './tokens/valid-token.js'
