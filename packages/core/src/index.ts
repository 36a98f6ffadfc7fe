export type { ApiKeyOwner, ApiKeySource, VerifiedApiKey } from './api-key-source.js'
export { type AskOptions, askInTime } from './ask-in-time.js'
export type { AttemptRequest, AttemptStore, AttemptVerdict } from './attempt-store.js'
export {
  type AuditAppended,
  type AuditEntry,
  type AuditPageQuery,
  type AuditStore,
  type CompleteAuditQuery,
  completeAuditEntry,
  completeAuditQuery,
  fitsAuditQuery,
  type StoredAuditEntry,
} from './audit-store.js'
export type { Admission, Auth, AuthOf, Confirmation, Guard, JwtClaims, Requirement, RequirementContext, TokenVerifier } from './auth.js'
export { type CallIds, callsKept, callsKeptMs, createCallIds, type StoreCall } from './call.js'
export { callListener } from './call-listener.js'
export type { ChallengeStore } from './challenge-store.js'
export { addressBlock } from './client-address.js'
export type { ClientAuthentication, ClientAuthenticator } from './client-authenticator.js'
export { type ClientCertificate, certificateOf, type PeerSocket } from './client-certificate.js'
export { mathRandom, type Now, wallClock } from './clock.js'
export { type Deadline, startDeadline } from './deadline.js'
export type { Dialect } from './dialect.js'
export {
  completeListQuery,
  completeScanQuery,
  type DocumentAddress,
  type DocumentCount,
  type DocumentFilter,
  type DocumentListQuery,
  type DocumentStore,
  documentsAtOnce,
  requireAtOnce,
  requireGroup,
  type ScannedDocument,
  type StoredDocument,
  scanPosition,
} from './document-store.js'
export type { ClaimedSender, DryRun, DryRunGuard } from './dry-run.js'
export { requireDuration, requireIssuedAgo, requireLimit, requireRotation } from './durations.js'
export { createElapsed, type Elapsed, type Instant, longAgo } from './elapsed.js'
export { looksLikeMilliseconds, requireEpochSeconds } from './epoch-seconds.js'
export {
  type AcceptedEvent,
  type AnonymousEvent,
  type AuditEvent,
  type ClientEvent,
  type DpopEvent,
  type EventChannel,
  type Events,
  eventChannel,
  eventNames,
  type IntegrationEvent,
  type IntrospectedEvent,
  type IssuerEvent,
  type KeyEvent,
  type KeySourceEvent,
  type NonceEvent,
  onEvent,
  type RefusedEvent,
  type RevocationEvent,
  type TokenEvent,
  type TokenStatusEvent,
} from './events.js'
export { type Fetch, type FetchInit, type FetchResponse, globalFetch } from './fetch.js'
export { hasOwn } from './has-own.js'
export { authorizationField, headerField } from './header-fields.js'
export { type HealthPart, type HealthRoutesOptions, healthRoutes } from './health-routes.js'
export {
  type Endpoint,
  type FetchRequest,
  jsonReply,
  type Reply,
  type Route,
  type RouteTable,
  requestUrl,
  type WireHeaders,
  type WireRequest,
} from './http.js'
export type { DescribedKey, IssuerDescription } from './issuer-description.js'
export { countMembers, parseJson, plainNames } from './json-text.js'
export type {
  Algorithm,
  AsymmetricAlgorithm,
  HmacAlgorithm,
  KeyAnswer,
  KeyQuery,
  KeySet,
  KeySource,
  Signer,
  VerificationKey,
} from './keys.js'
export { lengthPrefixed } from './length-prefixed.js'
export { checkParts, joinReadiness, type Lifecycle, type Readiness, type ReadyOptions } from './lifecycle.js'
export { mapConcurrently } from './map-concurrently.js'
export { createRouteMatcher, type RouteMatch } from './match-route.js'
export { whenKnown } from './maybe-async.js'
export {
  asError,
  createProtection,
  type ProtectArguments,
  type ProtectOptions,
  promisedCheck,
  requireEndpoint,
  unmatchedReply,
  unreadBody,
} from './mount.js'
export type { NonceStore, NonceVerdict } from './nonce-store.js'
export { checkOptions, shownValue } from './options/check-options.js'
export { checkSecrets, longSecret, type SecretRules } from './options/check-secrets.js'
export { kind } from './options/kinds.js'
export type { NumberBounds, OptionKind, OptionKinds, OptionNames, OptionShape, RequiredKind } from './options/option-kind.js'
export { callEndpoint, outageReply } from './outage-reply.js'
export { allItems, longestPage, type Page, type PageQuery, requirePageLimit, wrongAfter } from './page.js'
export type {
  AnswerStep,
  CodeToSend,
  IssuedElsewhere,
  PasswordAuthenticator,
  RefreshProvider,
  SignedIn,
  SignInChallenge,
  SignInRefused,
  SignInStep,
} from './password-authenticator.js'
export { type BodyResult, readJson } from './read-body.js'
export { type FormOptions, type FormParameters, readForm } from './read-form.js'
export { type RecordCodec, recordCodec, type StoredNames } from './record-codec.js'
export type { NewFamily, RefreshFamily, RefreshFamilyStore, Rotation, RotationRequest } from './refresh-family-store.js'
export { createRefreshedCopy, type LoadOutcome, type RefreshedCopy, type RefreshedCopyOptions, type TakenValue } from './refreshed-copy.js'
export {
  type ErrorCode,
  isRefusal,
  type Outcome,
  type Reason,
  type Refusal,
  type RefusalDetail,
  type RefusalFields,
  type Refused,
  reasons,
  refuse,
} from './refusal.js'
export { RefusedError } from './refused-error.js'
export type { ReplayClaim, ReplayStore, ReplayVerdict } from './replay-store.js'
export { routedPath } from './request-target.js'
export { startRequestTimer, stopRequestTimer } from './request-timer.js'
export { type ActorRequirement, requireActor } from './require-actor.js'
export {
  type AuthenticationRequirement,
  fromIssuers,
  optional,
  requireAnyScope,
  requireAuthentication,
  requireClaims,
  requireScopes,
} from './requirements.js'
export { retaining } from './retaining.js'
export { createRetries } from './retries.js'
export type { RevocationEntry, RevocationQuery, RevocationReason, RevocationView } from './revocation.js'
export type { PublishOptions, RevocationPublisher } from './revocation-announcer.js'
export {
  type CompleteRevocationQuery,
  completeRevocationQuery,
  deltaOf,
  fitsRevocationQuery,
  type RevocationAddition,
  type RevocationDelta,
  type RevocationPageQuery,
  type RevocationRecord,
  type RevocationStore,
  requireAdditions,
  revocationName,
  revocationsAtOnce,
  wholeDelta,
} from './revocation-store.js'
export { revokeAllOf, tieRevokeAll } from './revoke-all.js'
export { cursorParts, revocationKey, rowKey } from './row-key.js'
export { isSameSecret } from './same-secret.js'
export { splitScope } from './scope-text.js'
export type { RotatingSecrets, Secret, SecretsOption } from './secrets.js'
export { secretsReader } from './secrets-reader.js'
export type { ShadowAdvice } from './shadow/advice.js'
export type { NotCompared, ShadowCells } from './shadow/counts.js'
export { createShadowReport, type ShadowReport, type ShadowReportOptions } from './shadow/report.js'
export type { ShadowReason, ShadowReportData, ShadowRow } from './shadow/report-data.js'
export { routeName } from './shadow/route-name.js'
export { createEnforcement, createShadow } from './shadow/shadow.js'
export type { EnforceOptions, ShadowOptions } from './shadow/shadow-options.js'
export type { WatchedExchange } from './shadow/watch.js'
export type { ShadowEvent } from './shadow-event.js'
export type { ClientKeyAnswer, ClientKeyReason, ClientKeys, SignerSource } from './signing.js'
export { createSingleFlight, type SingleFlight } from './single-flight.js'
export { storedRevocation } from './stored-revocation.js'
export type { Stores } from './stores.js'
export { originQueries, originsOf, type TokenOrigin } from './token-origin.js'
export type { CookiePlace, FixedTokenPlaces, TokenPlaces } from './token-place-types.js'
export { fixedTokenPlaces, sameOrigin, tokenFrom, tokenPlacesShape } from './token-places.js'
export { asUnavailable, isUnavailable, type OutageReason, orUnavailable, Unavailable } from './unavailable.js'
export { createWriteCheck, type WriteCheck } from './write-check.js'
