import { randomUUID } from 'node:crypto'
import { type Algorithm, checkOptions, kind, type NonceStore, type Now, type OptionShape, wallClock } from '@countersign/core'
import { algorithms, createHeaderMemo, type HeaderMemo, isAlgorithm, isHmac, normalizeType } from '@countersign/jwt'
import { type NonceKeys, pairNonceKeys, secretNonceKeys } from './nonce-keys.js'
import type { NonceOptions, NoncePurpose, NonceRevocations, NonceSubject } from './nonce-options.js'

/** Options in the form in which they are applied. */
export interface NonceRules {
  readonly issuer: string
  readonly algorithm: Algorithm
  /** As it is written, and as it is compared. */
  readonly typ: string
  readonly type: string
  readonly lifetimeSeconds: number
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

const skew = kind.number({ unit: 'seconds', most: 3600 })

const shape: OptionShape<NonceOptions<string>> = {
  issuer: kind.required(kind.string),
  lifetimeSeconds: kind.required(kind.number({ unit: 'seconds', isAbove: true, most: yearSeconds })),
  store: kind.required(kind.having('a NonceStore, for instance stores.nonces', 'remember', 'spend')),
  audience: kind.required(kind.either(kind.string, kind.func)),
  purposes: kind.required({
    ...kind.recordOf(kind.members<NoncePurpose>({ audiences: kind.listOf(kind.string) })),
    must: 'an object of purposes by their names',
  }),
  typ: kind.string,
  claims: kind.func,
  notBeforeSkewSeconds: skew,
  clockToleranceSeconds: skew,
  maxIssuedPerClient: kind.members<NonNullable<NonceOptions<string>['maxIssuedPerClient']>>({
    limit: kind.required(kind.count),
    attempts: kind.required(kind.having('an AttemptStore, for instance stores.attempts', 'reserve')),
  }),
  revocations: kind.having('what createSharedRevocations returns: a view with check()', 'check'),
  now: kind.func,
  randomUUID: kind.func,
  secrets: kind.secrets,
  signer: kind.having('a source of signers, for instance keys.signer of a key registry', 'current'),
  keys: kind.having('a source of keys, for instance keys.source of a key registry', 'find'),
  algorithm: kind.oneOf(...algorithms),
}

function demand(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new TypeError(`createNonces: ${sentence}`)
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** What is left out means the one audience, where there is one. */
function audiencesOf({ audiences }: NoncePurpose, audience: unknown): readonly string[] {
  const list = audiences ?? [audience]
  demand(
    Array.isArray(list) && list.length > 0 && list.every(isText),
    'purposes must each have audiences where audience is a function, got one without',
  )
  return Object.freeze([...(list as readonly string[])])
}

function purposesOf({ purposes, audience }: NonceOptions<string>): NonceRules['purposes'] {
  const map = new Map(Object.entries(purposes ?? {}).map(([name, purpose]) => [name, audiencesOf(purpose, audience)]))
  demand(map.size > 0, 'purposes must have at least one purpose, got an empty object')
  const isTaken = typeof audience !== 'string' || [...map.values()].some((audiences) => audiences.includes(audience))
  demand(isTaken, 'purposes must have one that accepts the option audience, got none')
  return map
}

function keysOf({ secrets, signer, keys, algorithm }: NonceOptions<string>): { readonly keys: NonceKeys; readonly algorithm: Algorithm } {
  if (secrets !== undefined) {
    const hmac: unknown = algorithm ?? 'HS512'
    demand(signer === undefined && keys === undefined, 'secrets must not be given with signer and keys, got both')
    if (!isAlgorithm(hmac) || !isHmac(hmac))
      throw new TypeError(`createNonces: algorithm must be "HS256" or "HS384" or "HS512" with secrets, got ${JSON.stringify(hmac)}`)
    return { keys: secretNonceKeys(secrets, hmac), algorithm: hmac }
  }
  demand(signer !== undefined && keys !== undefined, 'secrets, or signer with keys, must be given, got neither')
  if (!isAlgorithm(algorithm) || isHmac(algorithm))
    throw new TypeError(`createNonces: algorithm must be asymmetric with signer, got ${JSON.stringify(algorithm)}`)
  return { keys: pairNonceKeys(signer, keys), algorithm }
}

/** A type under which no access token of an issuer with the same keys is taken. */
function typOf({ typ = 'nonce+jwt', secrets }: NonceOptions<string>): Pick<NonceRules, 'typ' | 'type'> {
  const type = typeof typ === 'string' ? normalizeType(typ) : ''
  demand(type !== '' && type !== 'at+jwt', `typ must not be empty or at+jwt, the type of access tokens, got ${JSON.stringify(typ)}`)
  demand(
    type !== 'jwt' || secrets !== undefined,
    `typ must not be JWT with signer, because its keys may sign access tokens too, got ${JSON.stringify(typ)}`,
  )
  return { typ, type }
}

/**
 * Checks options and brings them into the form in which they are applied.
 *
 * @throws TypeError if one is missing or wrong
 */
export function nonceRules(options: NonceOptions<string>): NonceRules {
  checkOptions('createNonces', options, shape)
  const {
    issuer,
    audience,
    lifetimeSeconds,
    store,
    claims,
    notBeforeSkewSeconds,
    clockToleranceSeconds = 5,
    maxIssuedPerClient,
    revocations,
  } = options
  return Object.freeze({
    issuer,
    ...keysOf(options),
    ...typOf(options),
    isPair: options.secrets === undefined,
    lifetimeSeconds,
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
