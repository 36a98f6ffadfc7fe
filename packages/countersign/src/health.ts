import type { SecretsOption } from '@countersign/core'
import type { Clients } from '@countersign/grants'
import type { ApiKeys, KeyRegistry } from '@countersign/keys'
import type { IssuerReadiness } from '@countersign/verifier'
import { idsOf } from './secrets.js'

/** How much is kept under each id of a secret. */
export type KeptUnder = Readonly<Record<string, number>>

/** What `ready` says, and how far rotations of secrets have come. */
export interface ServerHealth extends IssuerReadiness {
  /**
   * How many private keys, and how many secrets of clients and API keys, are kept under each id. A previous secret that has 0 at both may go; one that signed refresh
   * tokens when the last of these has ended, which is not counted. Undefined in an outage.
   */
  readonly secrets: { readonly keyEncryption: KeptUnder; readonly clientPepper: KeptUnder } | undefined
}

/** Each configured id with 0, and over it what was found. */
const countsOf = (secrets: SecretsOption | undefined, found: KeptUnder): KeptUnder => ({
  ...(secrets && Object.fromEntries(idsOf(secrets).map((id) => [id, 0]))),
  ...found,
})

const sumOf = (one: KeptUnder, other: KeptUnder): KeptUnder =>
  Object.fromEntries(Object.keys({ ...one, ...other }).map((id) => [id, (one[id] ?? 0) + (other[id] ?? 0)]))

/** Reads all keys, API keys and clients. Rejects with `Unavailable` in an outage. */
export async function countSecrets(
  { keys, clients, apiKeys }: { readonly keys: KeyRegistry; readonly clients: Clients; readonly apiKeys: ApiKeys },
  encryption: SecretsOption | undefined,
  pepper: SecretsOption,
): Promise<ServerHealth['secrets']> {
  const [views, byPepper, alsoByPepper] = await Promise.all([keys.signing.list(), clients.secretsByPepper(), apiKeys.keysByPepper()])
  const ids = views.flatMap(({ encryptionId }) => encryptionId ?? [])
  const byEncryption = Object.fromEntries(ids.map((id) => [id, ids.filter((other) => other === id).length]))
  return { keyEncryption: countsOf(encryption, byEncryption), clientPepper: countsOf(pepper, sumOf(byPepper, alsoByPepper)) }
}
