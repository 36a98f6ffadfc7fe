import type { KeyAnswer, KeyQuery, Signer, VerificationKey } from './keys.js'

/** Gives the signer of the moment. Ask for every token: the key behind it changes when keys are rotated. */
export interface SignerSource {
  /** Rejects with `Unavailable` when no key can sign. */
  current(): Signer | Promise<Signer>
}

/** Why a client's key cannot be used. */
export type ClientKeyReason = 'unknown' | 'pending' | 'not_yet_valid' | 'expired' | 'retired' | 'revoked'

/** The key of a client, or why there is none. */
export type ClientKeyAnswer =
  | {
      readonly ok: true
      readonly key: NonNullable<KeyAnswer['key']>
      /** Further keys that the query could mean, where it has no kid: at most 3, none of them revoked. */
      readonly others?: readonly VerificationKey[]
    }
  | { readonly ok: false; readonly reason: ClientKeyReason }

/** Keys that clients sign with. A key is found by client and kid, never by kid alone. */
export interface ClientKeys {
  /** @param query - without a kid, the usable keys of the client that fit, at most 4; rejects with `Unavailable` in an outage */
  find(query: KeyQuery & { readonly clientId: string }): Promise<ClientKeyAnswer>
  /**
   * Tells that a signature was bad under the keys of a client, which may be out of date. It may start a load in the background, rarely: anybody
   * can send bad signatures. Absent where keys are never loaded anew.
   */
  doubt?(clientId: string): void
  /** Revokes every key of a removed client: its id may later belong to another client. Absent if the keys are kept elsewhere. */
  retireAll?(clientId: string): Promise<void>
}
