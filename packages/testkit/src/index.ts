export type { AttackRoutes, AttackTarget } from './attack.js'
export { type AttackReport, type AttackRow, attackGuard } from './attack-guard.js'
export { type BadDocument, badJwksDocuments } from './bad-documents.js'
export { type DegenerateKey, degenerateKeys } from './degenerate-keys.js'
export { createFakeCognito, type FakeCognito, type FakeCognitoOptions } from './fake-cognito.js'
export type { FakeCognitoMail } from './fake-cognito-challenges.js'
export type { FakeCognitoClient } from './fake-cognito-clients.js'
export type { FakeCognitoOperation } from './fake-cognito-operations.js'
export type { FakeCognitoCall, FakeCognitoFailure } from './fake-cognito-protocol.js'
export { totpCode } from './fake-cognito-totp.js'
export type { FakeCognitoFactor, FakeCognitoUser, FakeCognitoUserOptions, FakeCognitoUsers } from './fake-cognito-users.js'
export { createFakeIssuer, type FakeIssuer, type FakeIssuerOptions, type IssuerEndpoint } from './fake-issuer.js'
export { type FixedClock, fixedClock } from './fixed-clock.js'
export { createSender, type ReceivedReply, type Send, type SentRequest } from './http-sender.js'
export type { Behaviour, Caching } from './issuer-behaviour.js'
export { malformedTokens } from './malformed-tokens.js'
export {
  type MountAdapter,
  type MountApp,
  type MountCase,
  type MountRequest,
  type MountRespond,
  mountContract,
} from './mount-contract.js'
export { encodeSegment, type ForgedParts, forgeToken, hmacSigner, rawSigner, type SignInput, signToken } from './signed-token.js'
export { type BreakableProxy, breakableProxy } from './store-conformance/breakable-proxy.js'
export { remoteStores, serveStores } from './store-conformance/remote-stores.js'
export type { BreakableNetwork, OpenedStores, StoreBackend, StoreCase } from './store-conformance/store-backend.js'
export { storeConformance } from './store-conformance/store-conformance.js'
export { privateKeyOf, publicJwkOf, publicKeyOf, renameKey, type TestKey, type TestKeyName, testKeys } from './test-keys.js'
export { type TokenFactory, type TokenFactoryOptions, type TokenOptions, tokenFactory } from './token-factory.js'
export type { MalformedFamily, MalformedToken, TakeApartOptions } from './valid-token.js'
