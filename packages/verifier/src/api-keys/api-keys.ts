import {
  type ApiKeySource,
  checkOptions,
  type JwtClaims,
  kind,
  type OptionShape,
  type RevocationPublisher,
  type RevocationView,
  refuse,
  type VerifiedApiKey,
} from '@countersign/core'
import type { ParsedClaims } from '@countersign/jwt'
import type { SourceContext } from '@countersign/jwt/jwks'
import { type IssuerEntry, issuerRule, type NoClaims, type RuleOptions } from '../issuers/issuer-entry.js'
import { commonRuleShape } from '../issuers/rule-shape.js'
import { createLimitedSource, type Found } from '../opaque/limited-source.js'
import type { OpaqueSource } from '../opaque/opaque-tokens.js'
import { type QuestionLimits, questionLimitsKind } from '../opaque/question-limits.js'
import { checkRecognition } from '../opaque/recognition.js'

/** What `auth.claims` says of an API key. */
export interface ApiKeyClaims extends JwtClaims {
  /** The owner: the client, the person or the entity. */
  readonly sub: string
  readonly owner_type: 'client' | 'person' | 'entity'
  /** `Infinity` for a key that does not expire. */
  readonly exp: number
  readonly scope: string
  /** Of a client's key. */
  readonly client_id?: string
  readonly label?: string
}

/** Options of {@link apiKeys}. */
export interface ApiKeysOptions<Output extends object = NoClaims> extends Pick<RuleOptions<never, Output>, 'schema' | 'scopes'> {
  /** What `createApiKeys` returns. It stays the host's. */
  readonly keys: ApiKeySource
  /**
   * For how long the record of a person or an entity is believed, in seconds. Only in a guard with the `revocations` of `createApiKeys`,
   * which end a key before: in all others, and for keys of clients, each request reads the store. @defaultValue 30
   */
  readonly maxCacheSeconds?: number
  /** The same for a key that was refused, at most 5. @defaultValue 5 */
  readonly negativeCacheSeconds?: number
  readonly limits?: QuestionLimits
}

const { schema, scopes } = commonRuleShape
const apiKeysShape: OptionShape<ApiKeysOptions> = {
  keys: kind.required(kind.having('what createApiKeys returns', 'find', 'isApiKey', 'announcesTo', 'checkReads')),
  maxCacheSeconds: kind.seconds,
  negativeCacheSeconds: kind.number({ unit: 'seconds', most: 5 }),
  limits: questionLimitsKind,
  schema,
  scopes,
}

const malformed = refuse('malformed', {
  detail: { expected: 'an API key with a good checksum', received: 'a key that was mistyped or cut' },
})

function claimsOf({ owner, label, credential, ...key }: VerifiedApiKey, issuer: string): ParsedClaims {
  return Object.freeze(
    Object.assign(Object.create(null) as object, {
      iss: issuer,
      sub: owner.id,
      owner_type: owner.type,
      iat: key.createdAt,
      exp: key.expiresAt ?? Number.POSITIVE_INFINITY,
      scope: key.scopes.join(' '),
      client_credential: credential,
      ...(key.notBefore !== undefined && { nbf: key.notBefore }),
      ...(owner.type === 'client' && { client_id: owner.id }),
      ...(label !== undefined && { label }),
    }),
  )
}

/**
 * API keys as tokens of a guard: `Authorization: Bearer ck_…`. The form and the checksum are checked before anything is read.
 * `auth.credentialId` is the id of the key, `auth.subject` its owner, `auth.clientId` the client whose key it is.
 *
 * @throws TypeError if an option is missing or wrong
 * @example
 * ```ts
 * import { memoryStores } from '@countersign/core/memory'
 * import { createApiKeys } from '@countersign/keys'
 * import { apiKeys, createGuard } from '@countersign/verifier'
 *
 * const stores = memoryStores()
 * const keys = createApiKeys({
 *   issuer: 'https://api.example',
 *   store: stores.keys,
 *   pepper: { current: { id: '1', secret: 'a pepper of 32 bytes or more ...' } },
 * })
 * const guard = createGuard({ issuers: { keys: apiKeys({ keys }) } })
 * guard.verifier.issuers() // ['https://api.example']
 * ```
 */
export function apiKeys<Output extends object = NoClaims>(options: ApiKeysOptions<Output>): IssuerEntry<ApiKeyClaims & NoInfer<Output>> {
  checkOptions('apiKeys', options, apiKeysShape)
  const { keys, maxCacheSeconds = 30, negativeCacheSeconds = 5, limits = {} } = options
  const { issuer, prefix } = keys
  const recognise = { prefix }
  checkRecognition('apiKeys', recognise)

  function open({ via, now }: SourceContext, revocations: (RevocationView & Partial<RevocationPublisher>) | undefined): OpaqueSource {
    const isAnnounced = revocations !== undefined && keys.announcesTo(revocations)
    // What it forgets, only keys that ask the same one for the ends of subjects still know.
    if (revocations?.keepsSubjects !== undefined && !isAnnounced)
      throw new TypeError(
        `apiKeys: keys must be made with the revocations of the guard, got keys with others or none in the entry ${JSON.stringify(via)}`,
      )
    const source = createLimitedSource({
      async request(key): Promise<Found> {
        const found = await keys.find(key)
        if (!found.ok) return { refusal: found.refusal }
        const { key: record } = found
        // Nobody announces that a client lost a scope.
        const isLasting = isAnnounced && record.owner.type !== 'client'
        return { claims: claimsOf(record, issuer), credentialId: record.id, isLasting }
      },
      probe: () => keys.checkReads(),
      close: () => undefined,
      outage: 'store_unavailable',
      name: 'the store of API keys',
      cacheMs: maxCacheSeconds * 1000,
      negativeCacheMs: negativeCacheSeconds * 1000,
      staleMs: 0,
      limits,
      now,
    })
    return { ...source, find: (presented) => (keys.isApiKey(presented.token) ? source.find(presented) : malformed) }
  }

  const rule = issuerRule('apiKeys', { ...options, algorithms: [], audience: null, typ: null, maxFutureIssuedSeconds: null })
  return { rule, sources: [], opaque: { issuer, recognise, isRemote: false, open } }
}
