import type { Reason } from '@countersign/core'
import { atRequest, type Diagnose, type Diagnosis, type RefusedCase } from './diagnosis.js'
import * as claims from './of-claims.js'
import * as issuers from './of-issuers.js'
import * as requests from './of-requests.js'

const known: Partial<Readonly<Record<Reason, Diagnose>>> = {
  no_credentials: requests.noCredentials,
  scheme: requests.otherScheme,
  malformed_request: requests.malformedRequest,
  too_large: requests.tooLarge,
  malformed: requests.malformed,
  header: requests.badHeader,
  claims: requests.badClaims,
  insufficient_scope: requests.insufficientScope,
  key_source_unavailable: requests.outage,
  revocation_unavailable: requests.outage,
  store_unavailable: requests.outage,
  authenticator_unavailable: requests.outage,
  unknown_issuer: issuers.unknownIssuer,
  algorithm: issuers.otherAlgorithm,
  unknown_key: issuers.unknownKey,
  signature: issuers.badSignature,
  issuer_rule: issuers.issuerRule,
  expired: claims.expired,
  not_yet_valid: claims.notYetValid,
  issued_in_future: claims.issuedInFuture,
  too_old: claims.tooOld,
  audience: claims.otherAudience,
  token_type: claims.otherType,
  schema: claims.schemaRefused,
  confirmation: claims.notProved,
  revoked_token: claims.revoked,
  revoked_subject: claims.revoked,
  revoked_client: claims.revoked,
  revoked_key: claims.revoked,
  unprovable: claims.revoked,
}

const other: Diagnose = ({ reason, detail }) =>
  atRequest(`The guard refused it: ${reason}. ${detail.expected ?? ''}`.trim(), 'the request', 'see docs/reasons.md')

/** Why a token was refused, and what to change. */
export function diagnose(refused: RefusedCase): Diagnosis {
  const own = refused.reason.startsWith('proof_') ? claims.badProof : known[refused.reason]
  return (own ?? other)(refused)
}
