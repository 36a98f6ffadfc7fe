import { createHash } from 'node:crypto'
import { asUnavailable, type DocumentStore, type RevocationEntry, type Unavailable } from '@countersign/core'

type SubjectEntry = Extract<RevocationEntry, { type: 'subject' }>

/** Until when what subjects began has ended. It has no end of its own: refresh tokens may outlive every entry of a denylist. */
export interface SubjectStatus {
  /** Keeps the latest instant of all. */
  keep(entry: SubjectEntry): Promise<void>
  forget(entry: SubjectEntry): Promise<void>
  /** Epoch seconds; undefined where nothing was ended. Rejects with `Unavailable` in an outage. */
  find(whose: Pick<SubjectEntry, 'issuer' | 'subject'>): Promise<number | undefined>
}

interface StatusRecord {
  readonly v: 1
  readonly issuer: string
  readonly subject: string
  /** Epoch seconds. */
  readonly notBefore: number
}

const collection = 'subject-status'
/** Others change the same record at most so often before we give up. */
const attempts = 100

/** A subject may be longer than the id of a document, and have any character. */
const idOf = ({ issuer, subject }: Pick<SubjectEntry, 'issuer' | 'subject'>): string =>
  createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('base64url')

const unavailable = (cause: unknown): Unavailable => asUnavailable(cause, 'revocation_unavailable')

function parse(value: string): StatusRecord {
  const record = JSON.parse(value) as StatusRecord | null
  if (record?.v === 1 && Number.isFinite(record.notBefore)) return record
  throw new Error('the status of a subject is of a format that this release does not understand')
}

/** The ends of subjects in a document store. */
export function createSubjectStatus(store: DocumentStore): SubjectStatus {
  async function attempt(step: () => Promise<boolean>, left = attempts): Promise<void> {
    if (left === 0) throw new Error('the status of a subject is changed too often at once')
    if (!(await step())) await attempt(step, left - 1)
  }

  async function change(step: () => Promise<boolean>): Promise<void> {
    try {
      await attempt(step)
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  return {
    keep: (entry) =>
      change(async () => {
        const { issuer, subject, notBefore } = entry
        const address = { collection, id: idOf(entry) }
        const before = await store.get(address)
        if (before && parse(before.value).notBefore >= notBefore) return true
        const record: StatusRecord = { v: 1, issuer, subject, notBefore }
        return store.put({ ...address, value: JSON.stringify(record), revision: before?.revision ?? 0 })
      }),
    forget: (entry) =>
      change(async () => {
        const address = { collection, id: idOf(entry) }
        const before = await store.get(address)
        return before === undefined || store.remove({ ...address, revision: before.revision })
      }),
    async find(whose) {
      try {
        const kept = await store.get({ collection, id: idOf(whose) })
        return kept && parse(kept.value).notBefore
      } catch (cause) {
        throw unavailable(cause)
      }
    },
  }
}
