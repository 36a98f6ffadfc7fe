import type { ChallengeStore } from '@countersign/core'
import { reachable } from '../client-record.js'
import type { GrantRequest } from '../grant.js'
import type { OpenCode } from './open-codes.js'
import { digestOf, seal, unseal } from './seal.js'

/** What lies between a password and the answer to its challenge. */
export interface ChallengeRecord {
  readonly v: 1
  readonly user: string
  /** As counted. */
  readonly username: string
  readonly types: readonly string[]
  /** The authenticator's. */
  readonly state: string
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  /** Answers that are left, unless they are counted for the code. */
  readonly attemptsLeft: number
  /** The code that answers it, which other challenges of the user share. */
  readonly code?: OpenCode
  /** Whether an answer may have a message sent. */
  readonly answerSends?: boolean
  /** Of the authenticator, when the password was right. */
  readonly passwordVersion?: string | number
  /** When that was, in epoch seconds. */
  readonly startedAt?: number
  /** Epoch milliseconds. */
  readonly endsAt: number
}

/** Whose challenge it is. */
type Asker = Pick<GrantRequest, 'client' | 'issuer'>

/** Under another client, or another issuer, the same token is another address: nobody uses up what is another one's. */
const addressOf = (token: string, { client: { id, era }, issuer }: Asker): string =>
  digestOf('challenge', issuer, id, era, token).toString('base64url')

/** Made of the token, which only the client has. */
const keyOf = (token: string): Buffer => digestOf('challenge key', token)

/** Keeps a record under its token, until it ends. */
export async function putChallenge(
  store: ChallengeStore,
  record: ChallengeRecord,
  { token, asker, nowMs }: { readonly token: string; readonly asker: Asker; readonly nowMs: number },
): Promise<void> {
  await reachable(store.put(addressOf(token, asker), seal(record, keyOf(token)), Math.max(1, record.endsAt - nowMs)))
}

/** The record, for exactly one caller. */
export async function takeChallenge(store: ChallengeStore, token: string, asker: Asker): Promise<ChallengeRecord | undefined> {
  const sealed = await reachable(store.take(addressOf(token, asker)))
  if (sealed === null) return undefined
  const record = unseal(sealed, keyOf(token)) as ChallengeRecord | null
  return record?.v === 1 ? record : undefined
}
