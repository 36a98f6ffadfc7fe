import type { SecretsOption } from '@countersign/core'
import type { Clients } from '@countersign/grants'
import type { KeyRegistry } from '@countersign/keys'
import type { IssuerReadiness } from '@countersign/verifier'
import { idsOf } from './secrets.js'

/** How much is kept under each id of a secret. */
export type KeptUnder = Readonly<Record<string, number>>

/** What `ready` says, and how far rotations of secrets have come. */
export interface ServerHealth extends IssuerReadiness {
  /**
   * How many private keys and how many secrets of clients are kept under each id. A previous secret that has 0 at both may go; one that signed refresh
   * tokens when the last of these has ended, which is not counted. Undefined in an outage.
   */
  readonly secrets: { readonly keyEncryption: KeptUnder; readonly clientPepper: KeptUnder } | undefined
}

/** Each configured id with 0, and over it what was found. */
const countsOf = (secrets: SecretsOption | undefined, found: KeptUnder): KeptUnder => ({
  ...(secrets && Object.fromEntries(idsOf(secrets).map((id) => [id, 0]))),
  ...found,
})

/** Reads all keys and all clients. Rejects with `Unavailable` in an outage. */
export async function countSecrets(
  { keys, clients }: { readonly keys: KeyRegistry; readonly clients: Clients },
  encryption: SecretsOption | undefined,
  pepper: SecretsOption,
): Promise<ServerHealth['secrets']> {
  const [views, byPepper] = await Promise.all([keys.signing.list(), clients.secretsByPepper()])
  const ids = views.flatMap(({ encryptionId }) => encryptionId ?? [])
  const byEncryption = Object.fromEntries(ids.map((id) => [id, ids.filter((other) => other === id).length]))
  return { keyEncryption: countsOf(encryption, byEncryption), clientPepper: countsOf(pepper, byPepper) }
}
