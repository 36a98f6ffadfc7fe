import { orUnavailable, type RevocationPublisher, shownValue } from '@countersign/core'
import { areKeysGood } from '../assertions/used-key.js'
import type { Clients } from '../clients/clients.js'
import { isImmediate } from '../grants/client-credentials.js'
import type { Grant, Granted, GrantRequest } from '../grants/grant.js'
import type { TokenReason } from '../refusal.js'
import { keysOf } from './mint.js'

/** Whether what was begun at an instant has ended with its subject since. Rejects with `Unavailable`. */
type IsSubjectEnded = (granted: Pick<Granted, 'subject' | 'startedAt' | 'origins'>) => Promise<boolean>

/** What a subject began, and when; a time that is not known counts as long ago. */
interface Begun {
  readonly issuer: string
  readonly subject: string
  readonly startedAt: number
}

/** The names to look up: the token's own, and those of the tokens that it was exchanged for. */
function begunBy(issuer: string, { subject, startedAt, origins = [] }: Parameters<IsSubjectEnded>[0]): readonly Begun[] {
  const own = startedAt === undefined ? [] : [{ issuer, subject, startedAt }]
  // A name that the token itself has is looked up once.
  const isAsked = (one: Begun): boolean =>
    own.some((it) => it.issuer === one.issuer && it.subject === one.subject && it.startedAt <= one.startedAt)
  const ofOrigins = origins.flatMap(({ iss, sub, iat = 0 }) => (sub === undefined ? [] : [{ issuer: iss, subject: sub, startedAt: iat }]))
  return [...own, ...ofOrigins.filter((one) => !isAsked(one))]
}

/** Asks for the end of subjects: where it is kept for good, and the denylist for what that has not (an entry from elsewhere). */
export function createSubjectEnd(
  issuer: string,
  revocations: Pick<RevocationPublisher, 'check' | 'subjectNotBefore'> | undefined,
): IsSubjectEnded {
  async function hasEnded({ startedAt, ...whose }: Begun): Promise<boolean> {
    const end = await orUnavailable(Promise.resolve(revocations?.subjectNotBefore?.(whose)))
    if (end !== undefined && Math.floor(startedAt) <= end) return true
    const none = { kid: undefined, thumbprint: undefined, jti: undefined, clientId: undefined, clientKeys: [] }
    return (await revocations?.check?.({ ...whose, ...none, issuedAt: startedAt })) === 'revoked_subject'
  }

  return async (granted) => {
    if (revocations === undefined) return false
    return (await Promise.all(begunBy(issuer, granted).map(hasEnded))).includes(true)
  }
}

/** What {@link createStatusFault} needs. */
interface StatusOptions {
  readonly issuer: string
  readonly clients: Pick<Clients, 'find'>
  readonly revocations?: RevocationPublisher
}

/** Why a request gets nothing any more; undefined: all is as it was when the request came in. Rejects with `Unavailable`. */
type StatusFault = (grant: Grant, granted: Granted, request: GrantRequest) => Promise<TokenReason | undefined>

/** Asks whether client, secret, keys and subject are still what they were when the request came in. */
export function createStatusFault({ issuer, clients, revocations }: StatusOptions): StatusFault {
  const isSubjectEnded = createSubjectEnd(issuer, revocations)
  return async (grant, granted, { client, secretId, key, keys, isActive }) => {
    const isLate = !isImmediate(grant) || key !== undefined
    const [current, isEnded] = await Promise.all([isLate ? clients.find(client.id) : undefined, isSubjectEnded(granted)])
    if (isEnded) return granted.family === undefined ? 'inactive_subject' : 'refresh_revoked'
    if (isLate) {
      if (current === undefined || current.isLocked || current.credentialGeneration !== client.credentialGeneration) return 'locked_client'
      if (secretId !== undefined && !current.secrets.some(({ id }) => id === secretId)) return 'wrong_secret'
      if (!(await areKeysGood(keys, client.id, keysOf(granted, key)))) return 'assertion_key_revoked'
    }
    if (isActive && !(await isActive(granted))) return 'inactive_subject'
    if (granted.isPerson && (await clients.find(granted.subject)))
      throw new TypeError(`createTokenEndpoint: the subject of a person must not be the id of a client, got ${shownValue(granted.subject)}`)
    return undefined
  }
}
