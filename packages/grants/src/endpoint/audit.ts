import type { TokenEvent } from '@countersign/core'
import { reachable } from '../clients/client-record.js'

/** What is written before a token is issued: ids only, as in the event of the endpoint. */
export interface AuditRecord extends Pick<TokenEvent, 'grant' | 'clientId' | 'subject' | 'family'> {
  /** Of the token that is about to be issued; absent for one that another issuer makes. */
  readonly jti?: string
}

/** Lets no token out that is not on record. */
export interface Audit {
  readonly policy: 'required'
  /**
   * Is waited for. When it throws or rejects, the answer is 503, nothing is issued, and no refresh token or assertion was used
   * up. What is on record may still fail after it: whether a token was issued is said by `countersign:token`, with the same `jti`.
   */
  write(record: AuditRecord): void | Promise<void>
}

/** Writes what is about to be issued, once a request, however often it is asked to. */
export function createRecord({ write }: Audit, recordNow: () => AuditRecord): () => Promise<void> {
  const state: { done?: Promise<void> } = {}
  const written = async (): Promise<void> => write(recordNow())
  return () => (state.done ??= reachable(written()))
}
