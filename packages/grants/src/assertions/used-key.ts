import { type Algorithm, type ClientKeyAnswer, type ClientKeys, orUnavailable, type VerificationKey } from '@countersign/core'
import { jwkThumbprint } from '@countersign/jwt'

/** A key of a client that something was signed with. */
export interface UsedKey {
  /** The client's name for it, where it has one. */
  readonly kid: string | undefined
  readonly algorithm: Algorithm
  /** RFC 7638, SHA-256. */
  readonly thumbprint: string
}

/** Which key of a client. */
type ClientKeyQuery = Parameters<ClientKeys['find']>[0]

/** Waits for the keys of a client. Rejects with `Unavailable`. */
export function findClientKey(keys: ClientKeys, query: ClientKeyQuery): Promise<ClientKeyAnswer> {
  return orUnavailable(() => keys.find(query), 'key_source_unavailable')
}

/** Of a key that an adapter gives, with or without. */
export const thumbprintOf = ({ thumbprint, key }: VerificationKey): string => thumbprint ?? jwkThumbprint(key)

/** What has ended by itself, or on a day that was known, ends nothing that was obtained with it. */
const harmless: readonly string[] = ['expired', 'retired', 'not_yet_valid']

async function isGood(keys: ClientKeys, clientId: string, { kid, algorithm, thumbprint }: UsedKey): Promise<boolean> {
  const answer = await findClientKey(keys, { clientId, kid, algorithm })
  // Under the same name there may be another key by now.
  if (!answer.ok) return harmless.includes(answer.reason)
  return [answer.key, ...(answer.others ?? [])].some((key) => thumbprintOf(key) === thumbprint)
}

/**
 * Whether what a client obtained with some keys is still good: none of them was revoked, nor taken away.
 *
 * @throws TypeError where there are keys to ask about and nobody to ask
 */
export async function areKeysGood(keys: ClientKeys | undefined, clientId: string, used: readonly UsedKey[]): Promise<boolean> {
  if (used.length === 0) return true
  if (keys === undefined)
    throw new TypeError('createClients: keys must be given while tokens that were obtained with keys are refreshed, got undefined')
  const answers = await Promise.all(used.map((key) => isGood(keys, clientId, key)))
  return answers.every(Boolean)
}
