import { hasOwn, orUnavailable, type RefreshFamily } from '@countersign/core'
import { areKeysGood, type UsedKey } from '../assertions/used-key.js'
import { type Client, isPublicClient } from '../clients/record/client.js'
import { foreverSeconds, givesRefreshToken } from '../clients/record/refresh-policy.js'
import type { Granted, GrantRequest } from '../grants/grant.js'
import { jwtBearerType, tokenExchangeType } from '../grants/token-type.js'
import { withoutReserved } from '../issuing/check-granted.js'
import { keysOf } from '../issuing/mint.js'
import { refused, type TokenReason, type TokenRefused } from '../refusal.js'
import type { RefreshTokenParts } from './refresh-token-format.js'
import { type ChainData, chainText, parseChain } from './stored-family.js'

/** What the tokens of a family are bound to: another client's families, those from before a lock, and another tenant's are none of this one. */
export function bindingOf(owner: Owner, family: string): string {
  const [, key, certificate] = marks.exec(family) ?? []
  return bindingText(owner, [...(key ? [owner.proofKey ?? ''] : []), ...(certificate ? [certificateName(owner)] : [])])
}

function bindingText({ client: { id, credentialGeneration }, issuer }: Asker, bound: readonly string[]): string {
  return JSON.stringify([id, credentialGeneration, issuer, ...bound])
}

/** Who asks about a refresh token. */
type Asker = Pick<GrantRequest, 'client' | 'issuer'>
/** Who presents a refresh token. */
export type Owner = Asker & Pick<GrantRequest, 'proofKey' | 'certificate'>

/** The MAC of a token covers its family: nobody can take the marks away. */
const marks = /^(dpop~)?(x5t~)?/
/** In a binding, it must not be taken for the key of a proof. */
const certificatePrefix = 'x5t~'
const certificateName = ({ certificate }: Pick<Owner, 'certificate'>): string => certificatePrefix + (certificate?.thumbprint ?? '')

/** Whether the tokens of a family are bound to a key or a certificate. It is in the name of the family, so that one round trip can decide. */
export const isKeyBound = (family: string): boolean => marks.exec(family)?.[0] !== ''

/**
 * The name of a new family. Refresh tokens of a public client are bound to the key of the request (RFC 9449 §5), and to its certificate where the access token
 * is (RFC 8705 §4); those of other clients are not, because
 * the client authenticates itself with each use.
 */
export function familyName(random: string, { client, proofKey, certificate }: Omit<Owner, 'issuer'>): string {
  if (!isPublicClient(client)) return random
  return `${proofKey === undefined ? '' : 'dpop~'}${certificate?.isBound === true ? 'x5t~' : ''}${random}`
}

/** Whether a family was begun by a client at an issuer, also if the client was locked since. */
export function isOwner(binding: string, { client, issuer }: Pick<GrantRequest, 'client' | 'issuer'>): boolean {
  const [id, , startedAt] = JSON.parse(binding) as readonly unknown[]
  return id === client.id && startedAt === issuer
}

/** What a family begins with. */
export function chainData(
  granted: Granted,
  begun: Pick<ChainData, 'grantType' | 'startedAt'> & {
    readonly secretId: string | undefined
    readonly key: UsedKey | undefined
  },
): string {
  const { secretId, key, ...how } = begun
  const { subject, isPerson, scopes, audiences, authentication, claims, inherited, origins, expiresAt } = granted
  const keys = keysOf(granted, key)
  const data: ChainData = {
    v: 1,
    subject,
    isPerson,
    scopes,
    audiences,
    ...(authentication && { authentication }),
    ...(claims && { claims }),
    ...(secretId !== undefined && { secretId }),
    ...(keys.length > 0 && { keys }),
    ...(inherited && { inherited }),
    ...(origins && { origins }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...how,
  }
  return chainText(data)
}

/** What a family gives to this request, or why it gives nothing. */
export function grantedBy(
  data: ChainData | undefined,
  asked: Pick<GrantRequest, 'client' | 'requestedScopes' | 'requestedAudiences' | 'now'>,
): Granted | TokenRefused {
  if (data === undefined || (data.expiresAt !== undefined && data.expiresAt <= asked.now)) return refused('refresh_gone')
  const { client, requestedScopes: scopes = data.scopes, requestedAudiences: audiences = data.audiences } = asked
  if (!scopes.every((scope) => data.scopes.includes(scope))) return refused('scope_not_allowed')
  if (!audiences.every((audience) => data.audiences.includes(audience))) return refused('target_not_allowed')
  const kept = audiences.filter((audience) => client.audiences?.includes(audience) ?? true)
  if (kept.length === 0 || !client.grants.includes(data.grantType)) return refused('refresh_revoked')
  if (!givesRefreshToken(client.refresh, data.grantType)) return refused('refresh_revoked')
  if (data.secretId !== undefined && !client.secrets.some(({ id }) => id === data.secretId)) return refused('refresh_revoked')
  return {
    ok: true,
    subject: data.subject,
    isPerson: data.isPerson,
    // What was taken from the client since is not given any more.
    scopes: scopes.filter((scope) => client.scopes.includes(scope)),
    audiences: kept,
    ...(data.authentication && { authentication: data.authentication }),
    ...(data.claims && { claims: withoutReserved(data.claims) }),
    ...(data.keys && { keys: data.keys }),
    ...(data.inherited && { inherited: data.inherited }),
    ...(data.origins && { origins: data.origins }),
    ...(data.expiresAt !== undefined && { expiresAt: data.expiresAt }),
    startedAt: data.startedAt,
  }
}

/** What a family gives now, to be asked before anything is used up: none of its keys was revoked. */
export async function grantedNow(data: ChainData | undefined, asked: GrantRequest): Promise<Granted | TokenRefused> {
  const granted = grantedBy(data, asked)
  if (!granted.ok) return granted
  return (await areKeysGood(asked.keys, asked.client.id, granted.keys ?? [])) ? granted : refused('refresh_revoked')
}

/**
 * Why a record does not fit what was presented; the store decides again when the token is rotated. An owner without `proofKey` asks about the token
 * and does not use it: then a key need not be proved.
 */
export function faultOf(record: RefreshFamily | undefined, owner: Owner | Asker): TokenReason | undefined {
  if (record === undefined) return 'refresh_gone'
  if (record.revoked !== undefined) return 'refresh_revoked'
  const [, , , ...bound] = JSON.parse(record.binding) as readonly string[]
  const provedOf = (one: string): string => {
    if (!hasOwn(owner, 'proofKey')) return one
    return one.startsWith(certificatePrefix) ? certificateName(owner) : (owner.proofKey ?? '')
  }
  const expected = bindingText(owner, bound.map(provedOf))
  return record.binding === expected ? undefined : 'refresh_mismatch'
}

/** Whether its families may be owed to keys. */
const mayUseKeys = ({ authMethods, grants }: Client): boolean =>
  authMethods.includes('private_key_jwt') ||
  authMethods.includes('self_signed_tls_client_auth') ||
  grants.includes(tokenExchangeType) ||
  grants.includes(jwtBearerType)

/** What the record said before anything was used up. */
export interface LookedAt {
  readonly ageSeconds: number
  /** Absent where the record was not read. */
  readonly granted?: Granted
}

/** Whether the record has to be read before the token is used up: there is something to validate, or to compute. */
export function mustLookFirst({ client, requestedScopes, requestedAudiences, isActive, isRecorded }: GrantRequest): boolean {
  const { refresh } = client
  const limits = refresh.policy === 'rotating' && refresh.idleLifetimeSeconds !== undefined && refresh.absoluteLifetimeSeconds !== undefined
  if (isRecorded) return true
  // Its families may have been given more than it may get now.
  if (client.isChanged === true) return true
  return limits || mayUseKeys(client) || requestedScopes !== undefined || requestedAudiences !== undefined || isActive !== undefined
}

/** What can be refused is refused before the token is used up. */
export async function lookFirst({ family }: RefreshTokenParts, asked: GrantRequest): Promise<TokenRefused | LookedAt> {
  const record = await orUnavailable(asked.stores.families.find(family))
  const fault = faultOf(record, asked)
  const data = record && parseChain(record.data)
  if (fault || !data) return refused(fault ?? 'refresh_gone')
  const granted = await grantedNow(data, asked)
  if (!granted.ok) return granted
  asked.note({ subject: granted.subject })
  const ageSeconds = asked.now - data.startedAt
  const { refresh } = asked.client
  if (refresh.policy === 'rotating' && ageSeconds >= (refresh.absoluteLifetimeSeconds ?? foreverSeconds)) return refused('refresh_gone')
  return { ageSeconds, granted: { ...granted, family } }
}
