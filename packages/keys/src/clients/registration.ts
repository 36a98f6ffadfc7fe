import {
  type Algorithm,
  type AsymmetricAlgorithm,
  looksLikeMilliseconds,
  requireEpochSeconds,
  shownValue,
  type VerificationKey,
} from '@countersign/core'
import { importJwk, importPublicKey, isAlgorithm, isHmac, type KeyImport, type KeyReason, publicJwk } from '@countersign/jwt'
import { type ClientKey, clientKeyState } from './client-key.js'

/** A key as a client registers it: public members only. Times are epoch seconds. */
export interface Registration {
  /** The client. */
  readonly owner: string
  /** The client's own name: at most 128 characters out of letters, digits and `._~:+/=-`; no segment of a path is `.` or `..`. */
  readonly kid: string
  readonly jwk?: unknown
  /** SPKI, as `openssl pkey -pubout` prints it. */
  readonly pem?: string
  /** Fixed from now on. @defaultValue the JWK's `alg`, else RS256, ES256/384/512 or EdDSA by the type of the key */
  readonly algorithm?: AsymmetricAlgorithm
  readonly notBefore?: number
  readonly expiresAt?: number
}

/** Why a key was not registered. */
export type RegistrationReason =
  | KeyReason
  | 'bad_kid'
  | 'bad_times'
  | 'kid_taken'
  /** Registered already, by whomever, also if it was retired or revoked since; or one that we sign with. */
  | 'key_taken'
  | 'too_many'

/** Why a key was not registered; `hint` tells the sender what was probably meant. */
export type RegistrationRefused = { readonly ok: false; readonly reason: RegistrationReason; readonly hint?: string }

const defaults: readonly Algorithm[] = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA']
const liveStates = ['pending', 'not_yet_valid', 'active']
/** Ended keys are listed until there are so many newer ones. Their thumbprints stay taken for ever. */
const maxEnded = 100

const isTime = (time: unknown): boolean => time === undefined || (typeof time === 'number' && Number.isFinite(time) && time > 0)

const isMilliseconds = (time: number | undefined): boolean => time !== undefined && looksLikeMilliseconds(time)

/** @throws TypeError for times that are not epoch seconds */
export function checkTimes({ notBefore, expiresAt }: Pick<Registration, 'notBefore' | 'expiresAt'>): void {
  if (notBefore !== undefined) requireEpochSeconds('schedule: notBefore', notBefore)
  if (expiresAt !== undefined) requireEpochSeconds('schedule: expiresAt', expiresAt)
  if (!isTime(notBefore) || !isTime(expiresAt)) throw new TypeError('schedule: notBefore and expiresAt must be after 1970')
}

function labelFault({ kid, notBefore, expiresAt }: Registration, now: number): RegistrationReason | undefined {
  // A hash in Base64 has slashes. Dots alone would be resolved away in the path of its own route.
  const isName = typeof kid === 'string' && kid.length <= 128 && /^[A-Za-z0-9._~:+/=-]+$/.test(kid) && !/(^|\/)\.\.?(\/|$)/.test(kid)
  if (!isName) return 'bad_kid'
  if (!isTime(notBefore) || !isTime(expiresAt) || isMilliseconds(notBefore) || isMilliseconds(expiresAt)) return 'bad_times'
  return expiresAt !== undefined && (expiresAt <= now || expiresAt <= (notBefore ?? 0)) ? 'bad_times' : undefined
}

/** In milliseconds, a key would begin or end tens of thousands of years from now. */
function hintOn({ notBefore, expiresAt }: Registration): { readonly hint?: string } {
  const time = [notBefore, expiresAt].find(isMilliseconds)
  return time === undefined ? {} : { hint: `${time} looks like milliseconds; times must be epoch seconds.` }
}

function importKey(jwk: unknown, pem: unknown): KeyImport {
  if ((jwk === undefined) === (pem === undefined)) return { ok: false, reason: 'malformed' }
  if (pem === undefined) return importJwk(jwk)
  if (typeof pem !== 'string') return { ok: false, reason: 'malformed' }
  // The dates and the issuer of a certificate would count for nothing.
  return pem.includes('-----BEGIN CERTIFICATE') ? { ok: false, reason: 'unsupported' } : importPublicKey(pem)
}

/** The one algorithm that a key is registered for. */
function chosenAlgorithm({ algorithms }: VerificationKey, wanted: unknown): AsymmetricAlgorithm | undefined {
  const chosen = wanted ?? defaults.find((one) => algorithms.includes(one)) ?? algorithms[0]
  return isAlgorithm(chosen) && !isHmac(chosen) && algorithms.includes(chosen) ? chosen : undefined
}

/**
 * What would be kept of a registration, or why it is refused, as far as that can be told without the store.
 *
 * @param now - epoch seconds
 */
export function readRegistration(
  registration: Registration,
  now: number,
): { readonly ok: true; readonly key: ClientKey } | RegistrationRefused {
  const { owner, kid, jwk, pem, notBefore, expiresAt } = registration
  if (typeof owner !== 'string' || owner === '') throw new TypeError(`register: owner must be the id of a client, got ${shownValue(owner)}`)
  const reason = labelFault(registration, now)
  if (reason) return { ok: false, reason, ...(reason === 'bad_times' && hintOn(registration)) }
  const imported = importKey(jwk, pem)
  if (!imported.ok) return imported
  const { key, thumbprint = '' } = imported.key
  const algorithm = chosenAlgorithm(imported.key, registration.algorithm)
  if (algorithm === undefined) return { ok: false, reason: 'algorithm_mismatch' }
  const times = { ...(notBefore !== undefined && { notBefore }), ...(expiresAt !== undefined && { expiresAt }) }
  const record = { kid, thumbprint, algorithm, publicJwk: { ...publicJwk(key) }, registeredAt: now, confirmedAt: null, ...times }
  return { ok: true, key: record }
}

const hasEnded = (key: ClientKey, now: number): boolean => !liveStates.includes(clientKeyState(key, now))

/** Ended keys that are not listed any more when there is one more key. */
export function forgottenKeys(keys: readonly ClientKey[], now: number): readonly ClientKey[] {
  const ended = keys.filter((key) => hasEnded(key, now))
  return ended.slice(0, Math.max(0, ended.length - maxEnded))
}

/** The keys of a client with one more and without those that are forgotten, or why not. */
export function withClientKey(
  keys: readonly ClientKey[],
  key: ClientKey,
  { now, maxKeys, forgotten = [] }: { readonly now: number; readonly maxKeys: number; readonly forgotten?: readonly ClientKey[] },
): { readonly ok: true; readonly keys: readonly ClientKey[] } | RegistrationRefused {
  if (keys.some(({ thumbprint }) => thumbprint === key.thumbprint)) return { ok: false, reason: 'key_taken' }
  if (keys.some(({ kid }) => kid === key.kid)) return { ok: false, reason: 'kid_taken' }
  if (keys.filter((one) => !hasEnded(one, now)).length >= maxKeys) return { ok: false, reason: 'too_many' }
  const isForgotten = (one: ClientKey): boolean => hasEnded(one, now) && forgotten.some(({ thumbprint }) => thumbprint === one.thumbprint)
  return { ok: true, keys: [...keys.filter((one) => !isForgotten(one)), key] }
}
