import { randomBytes } from 'node:crypto'
import { type ChallengeStore, orUnavailable } from '@countersign/core'
import { digestOf } from '../../digest.js'
import type { GrantRequest } from '../../grants/grant.js'
import { seal, unseal } from './seal.js'
import { type ChallengeRecord, storedChallenge } from './stored-codes.js'

const newId = (): string => randomBytes(16).toString('base64url')

/** More than the time for which putting back is tried. */
const longestPuttingBackMs = 60_000

/** Whose challenge it is. */
type Asker = Pick<GrantRequest, 'client' | 'issuer'>

/** Under another client, or another issuer, the same token is another address: nobody uses up what is another one's. */
const addressOf = (token: string, { client: { id, credentialGeneration }, issuer }: Asker): string =>
  digestOf('challenge', issuer, id, credentialGeneration, token).toString('base64url')

/** Made of the token, which only the client has. */
const keyOf = (token: string): Buffer => digestOf('challenge key', token)

/** Keeps a record under its token, until it ends. */
export async function putChallenge(
  store: ChallengeStore,
  record: ChallengeRecord,
  { token, asker, nowMs }: { readonly token: string; readonly asker: Asker; readonly nowMs: number },
): Promise<void> {
  await orUnavailable(
    store.put(addressOf(token, asker), seal(storedChallenge.toRecord(record), keyOf(token)), Math.max(1, record.endsAt - nowMs)),
  )
}

/**
 * Puts a record back that was taken, so that it can be taken once more. The result may be called until it does not reject: the store
 * may have done what it could not confirm, and somebody may have taken the record since.
 */
export function puttingBack(
  store: ChallengeStore,
  record: ChallengeRecord,
  whose: Parameters<typeof putChallenge>[2],
): () => Promise<void> {
  const again = { ...record, putBack: newId() }
  return () => putChallenge(store, again, whose)
}

/** Whether this caller is the first that takes what was put back: what is put back twice is taken once. */
async function isFirstToTake(store: ChallengeStore, { putBack, endsAt }: ChallengeRecord, nowMs: number): Promise<boolean> {
  if (putBack === undefined) return true
  const mine = newId()
  const id = digestOf('challenge put back', putBack).toString('base64url')
  return (await orUnavailable(store.keep(id, mine, Math.max(0, endsAt - nowMs) + longestPuttingBackMs))) === mine
}

/** Undoes a `take` whose answer was lost: nobody has seen the record. */
export async function untakeChallenge(store: ChallengeStore, token: string, asker: Asker, callId: string): Promise<void> {
  await orUnavailable(store.undo(addressOf(token, asker), callId))
}

/** The record, for exactly one caller. */
export async function takeChallenge(
  store: ChallengeStore,
  { token, asker, nowMs, callId }: Parameters<typeof putChallenge>[2] & { readonly callId: string },
): Promise<ChallengeRecord | undefined> {
  const sealed = await orUnavailable(store.take(addressOf(token, asker), { callId }))
  if (sealed === null) return undefined
  const record = storedChallenge.fromRecord(unseal(sealed, keyOf(token)) as object) as ChallengeRecord | null
  if (record?.v !== 1 || !(await isFirstToTake(store, record, nowMs))) return undefined
  const { putBack, ...taken } = record
  return taken
}
