import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import type { ChallengeStore } from '@countersign/core'
import { reachable } from '../client-record.js'
import type { GrantRequest } from '../grant.js'

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
  readonly attemptsLeft: number
  /** Of the authenticator, when the password was right. */
  readonly passwordVersion?: string | number
  /** When that was, in epoch seconds. */
  readonly startedAt?: number
  /** Epoch milliseconds. */
  readonly endsAt: number
}

const hash = (label: string, ...parts: readonly string[]): Buffer =>
  createHash('sha256')
    .update([label, ...parts].map((part) => `${part.length}:${part}`).join(''))
    .digest()

/** Whose challenge it is. */
type Asker = Pick<GrantRequest, 'client' | 'issuer'>

/** Under another client, or another issuer, the same token is another address: nobody uses up what is another one's. */
const addressOf = (token: string, { client: { id, era }, issuer }: Asker): string =>
  hash('challenge', issuer, id, era, token).toString('base64url')

/** The key is made of the token, which only the client has: who reads the store reads nothing. */
function seal(record: ChallengeRecord, token: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', hash('challenge key', token), iv)
  const sealed = Buffer.concat([iv, cipher.update(JSON.stringify(record), 'utf8'), cipher.final()])
  return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url')
}

function open(sealed: string, token: string): ChallengeRecord | undefined {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', hash('challenge key', token), bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(-16))
  const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8')
  const record = JSON.parse(text) as ChallengeRecord | null
  return record?.v === 1 ? record : undefined
}

/** Keeps a record under its token, until it ends. */
export async function putChallenge(
  store: ChallengeStore,
  record: ChallengeRecord,
  { token, asker, nowMs }: { readonly token: string; readonly asker: Asker; readonly nowMs: number },
): Promise<void> {
  await reachable(store.put(addressOf(token, asker), seal(record, token), Math.max(1, record.endsAt - nowMs)))
}

/** The record, for exactly one caller. */
export async function takeChallenge(store: ChallengeStore, token: string, asker: Asker): Promise<ChallengeRecord | undefined> {
  const sealed = await reachable(store.take(addressOf(token, asker)))
  return sealed === null ? undefined : open(sealed, token)
}
