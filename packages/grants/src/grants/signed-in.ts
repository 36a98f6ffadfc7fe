import type { SignedIn } from '@countersign/core'
import type { Granted } from './grant.js'

/** What a person is to get. */
export type Wanted = Pick<Granted, 'scopes' | 'audiences'>

/**
 * What somebody gets whom an authenticator knows. Tokens that are made elsewhere have the scopes of elsewhere.
 *
 * @param now - epoch seconds
 */
export function grantedTo(person: SignedIn, { scopes, audiences }: Wanted, now: number): Granted {
  const { subject, amr, acr, authTime = now, claims, issued } = person
  return {
    ok: true,
    subject,
    isPerson: true,
    scopes: issued ? [] : scopes,
    audiences,
    authentication: { authTime, amr, ...(acr !== undefined && { acr }) },
    ...(claims && { claims }),
    ...(issued && { issued }),
  }
}
