import { callListener, orUnavailable, type TokenEvent } from '@countersign/core'

/** What is written before a token is issued: ids only, as in the event of the endpoint. */
export interface AuditRecord extends Pick<TokenEvent, 'grant' | 'clientId' | 'subject' | 'family'> {
  /** Of the token that is about to be issued; absent for one that another issuer makes. */
  readonly jti?: string
}

/** Is told of each token before it is issued. */
export interface Audit {
  /** `required`: no token is out that is not on record. `optional`: no token waits for the record, and what fails is the work of `write`. */
  readonly policy: 'required' | 'optional'
  /**
   * With `required` it is waited for. When it throws or rejects, the answer is 503, nothing is issued, and no refresh token or assertion was used
   * up. What is on record may still fail after it: whether a token was issued is said by `countersign:token`, with the same `jti`.
   */
  write(record: AuditRecord): void | Promise<void>
}

/** What is known of a request when its token goes on record. */
const recordOf = ({ grant, clientId, subject, family }: Partial<TokenEvent>, jti: string): AuditRecord => ({
  ...(grant !== undefined && { grant }),
  ...(clientId !== undefined && { clientId }),
  ...(subject !== undefined && { subject }),
  ...(family !== undefined && { family }),
  jti,
})

/** Puts what is about to be issued on record. Rejects with `Unavailable` when it must be there and cannot. */
export async function writeRecord(audit: Audit | undefined, known: Partial<TokenEvent>, jti: string): Promise<void> {
  if (audit === undefined) return
  const record = recordOf(known, jti)
  const write = async (): Promise<void> => audit.write(record)
  if (audit.policy === 'required') await orUnavailable(write())
  // a fault of the host's becomes a warning of the process
  else callListener(write)
}
