import { randomUUID } from 'node:crypto'
import { type Algorithm, type NonceStore, type Now, wallClock } from '@countersign/core'
import { createHeaderMemo, type HeaderMemo, isAlgorithm, isHmac, normalizeType } from '@countersign/jwt'
import { type NonceKeys, pairNonceKeys, secretNonceKeys } from './nonce-keys.js'
import type { NonceOptions, NoncePurpose, NonceRevocations, NonceSubject } from './nonce-options.js'

/** Options in the form in which they are applied. */
export interface NonceRules {
  readonly issuer: string
  readonly algorithm: Algorithm
  /** As it is written, and as it is compared. */
  readonly typ: string
  readonly type: string
  readonly ttlSeconds: number
  readonly toleranceSeconds: number
  readonly notBeforeSkewSeconds: number | undefined
  /** Audiences by purpose. */
  readonly purposes: ReadonlyMap<string, readonly string[]>
  readonly audienceOf: (subject: NonceSubject) => string
  readonly claimsOf: NonceOptions<string>['claims']
  readonly maxIssuedPerClient: NonceOptions<string>['maxIssuedPerClient']
  readonly keys: NonceKeys
  /** Whether it is signed with a key pair, whose names a denylist knows. */
  readonly isPair: boolean
  readonly headers: HeaderMemo
  readonly store: NonceStore
  readonly revocations: NonceRevocations | undefined
  readonly now: Now
  readonly newId: () => string
}

const yearSeconds = 366 * 86_400

function demand(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new TypeError(`createNonces: ${sentence}`)
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isBetween = (value: unknown, least: number, most: number): boolean => typeof value === 'number' && value >= least && value <= most

/** What is left out means the one audience, where there is one. */
function audiencesOf({ audiences }: NoncePurpose, audience: unknown): readonly string[] {
  const list = audiences ?? [audience]
  demand(Array.isArray(list) && list.length > 0 && list.every(isText), 'every purpose lists the audiences that it takes')
  return Object.freeze([...(list as readonly string[])])
}

function purposesOf({ purposes, audience }: NonceOptions<string>): NonceRules['purposes'] {
  const map = new Map(Object.entries(purposes ?? {}).map(([name, purpose]) => [name, audiencesOf(purpose, audience)]))
  demand(map.size > 0, 'there is a purpose')
  const isTaken = typeof audience !== 'string' || [...map.values()].some((audiences) => audiences.includes(audience))
  demand(isTaken, 'a purpose takes the audience')
  return map
}

function keysOf({ secrets, signer, keys, algorithm }: NonceOptions<string>): { readonly keys: NonceKeys; readonly algorithm: Algorithm } {
  if (secrets !== undefined) {
    const hmac: unknown = algorithm ?? 'HS512'
    demand(signer === undefined && keys === undefined, 'secrets or a signer with keys, not both')
    if (!isAlgorithm(hmac) || !isHmac(hmac)) throw new TypeError('createNonces: secrets go with an HMAC algorithm')
    return { keys: secretNonceKeys(secrets, hmac), algorithm: hmac }
  }
  demand(typeof signer?.current === 'function' && typeof keys?.find === 'function', 'secrets, or a signer with keys, are required')
  if (!isAlgorithm(algorithm) || isHmac(algorithm)) throw new TypeError('createNonces: a signer goes with an asymmetric algorithm')
  return { keys: pairNonceKeys(signer, keys), algorithm }
}

/** A type under which no access token of an issuer with the same keys is taken. */
function typOf({ typ = 'nonce+jwt', secrets }: NonceOptions<string>): Pick<NonceRules, 'typ' | 'type'> {
  const type = typeof typ === 'string' ? normalizeType(typ) : ''
  demand(type !== '' && type !== 'at+jwt', 'typ is a type of its own, not that of access tokens')
  demand(type !== 'jwt' || secrets !== undefined, 'the keys of a signer may sign access tokens as well: typ is not JWT')
  return { typ, type }
}

/**
 * Checks options and brings them into the form in which they are applied.
 *
 * @throws TypeError if one is missing or wrong
 */
export function nonceRules(options: NonceOptions<string>): NonceRules {
  const {
    issuer,
    audience,
    ttlSeconds,
    store,
    claims,
    notBeforeSkewSeconds,
    clockToleranceSeconds = 5,
    maxIssuedPerClient,
    revocations,
  } = options
  demand(isText(issuer), 'issuer is required')
  demand(isText(audience) || typeof audience === 'function', 'audience is a text or a function')
  demand(claims === undefined || typeof claims === 'function', 'claims is a function')
  demand(isBetween(ttlSeconds, Number.MIN_VALUE, yearSeconds), 'ttlSeconds is a positive number of seconds, at most a year')
  demand(isBetween(clockToleranceSeconds, 0, 3600), 'clockToleranceSeconds is a number of seconds, 0 to 3600')
  demand(notBeforeSkewSeconds === undefined || isBetween(notBeforeSkewSeconds, 0, 3600), 'notBeforeSkewSeconds is 0 to 3600')
  demand(typeof store?.remember === 'function' && typeof store.spend === 'function', 'store is required')
  const isView = revocations === undefined || typeof revocations?.check === 'function'
  demand(isView, 'revocations must be what createSharedRevocations gives: a view with check')
  if (maxIssuedPerClient !== undefined) {
    const { limit, attempts } = maxIssuedPerClient
    demand(Number.isSafeInteger(limit) && limit > 0, 'maxIssuedPerClient.limit is a positive whole number')
    demand(typeof attempts?.reserve === 'function', 'maxIssuedPerClient.attempts is an AttemptStore')
  }
  return Object.freeze({
    issuer,
    ...keysOf(options),
    ...typOf(options),
    isPair: options.secrets === undefined,
    ttlSeconds,
    toleranceSeconds: clockToleranceSeconds,
    notBeforeSkewSeconds,
    purposes: purposesOf(options),
    audienceOf: typeof audience === 'function' ? audience : () => audience,
    claimsOf: claims,
    maxIssuedPerClient: maxIssuedPerClient && { ...maxIssuedPerClient },
    headers: createHeaderMemo(),
    store,
    revocations,
    now: options.now ?? wallClock,
    newId: options.randomUUID ?? randomUUID,
  })
}
