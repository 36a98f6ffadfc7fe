import {
  type KeyAnswer,
  type Refusal,
  type RevocationQuery,
  type RevocationView,
  refuse,
  type VerificationKey,
  whenKnown,
} from '@countersign/core'
import { type Jws, verifySignature } from '@countersign/jwt'
import type { TrustedIssuer } from '../issuers/trust.js'
import { revokedBy } from './check-revocations.js'
import { kidDetail } from './known-kids.js'

/** Most keys that a token without kid is tried against: each costs a verification, and anybody can send such tokens. */
const maxTried = 4
/** Most keys that a view is asked about to find them. */
const maxAsked = 16

/** Whose keys are looked through, and who knows which of them were revoked. */
interface Looking {
  readonly trusted: TrustedIssuer
  readonly view: RevocationView | undefined
  /** Epoch milliseconds. */
  now(): number
}

/** About a key alone: what else a token says is not proved yet. */
function keyQueries({ kid, thumbprint }: VerificationKey, { trusted, now }: Looking): readonly RevocationQuery[] {
  const nothing = { jti: undefined, subject: undefined, clientId: undefined, clientKeys: [], issuedAt: now() / 1000 }
  return trusted.aliases.map((issuer) => ({ issuer, kid, thumbprint, via: trusted.via, ...nothing }))
}

type Keys = readonly VerificationKey[]

/** At most 4. Revoked keys are left out first, so that they take no place of good ones. */
function triedKeys(candidates: Keys, looking: Looking): Keys | Promise<Keys> {
  const { view } = looking
  if (view === undefined) return candidates.slice(0, maxTried)
  const tried: VerificationKey[] = []
  const lookAt = (index: number): Keys | Promise<Keys> => {
    const key = candidates[index]
    if (key === undefined || tried.length === maxTried || index === maxAsked) return tried
    return whenKnown(revokedBy(view, keyQueries(key, looking)), (reason) => {
      if (reason !== 'revoked_key') tried.push(key)
      return lookAt(index + 1)
    })
  }
  return lookAt(0)
}

function unknownKey(jws: Jws, { set, reason }: KeyAnswer): Refusal {
  return reason === 'revoked' ? refuse('revoked_key') : refuse('unknown_key', { detail: kidDetail(set, jws.header) })
}

function badSignature({ set }: KeyAnswer, { keys }: TrustedIssuer): Refusal {
  keys.doubt?.(set)
  return refuse('signature')
}

/**
 * The key that verifies a token, or why there is none.
 *
 * @param answer - what the key source answered for the header of the token
 */
export function verifyingKey(
  jws: Jws,
  answer: KeyAnswer,
  looking: Looking,
): VerificationKey | Refusal | Promise<VerificationKey | Refusal> {
  const { key, candidates } = answer
  if (key !== undefined) return verifySignature(jws, key) ? key : badSignature(answer, looking.trusted)
  if (candidates === undefined) return unknownKey(jws, answer)
  return whenKnown(triedKeys(candidates, looking), (keys) => {
    if (keys.length === 0) return refuse('revoked_key')
    return keys.find((one) => verifySignature(jws, one)) ?? badSignature(answer, looking.trusted)
  })
}
