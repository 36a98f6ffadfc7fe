import type { RevocationEntry } from '@countersign/core'
import { renameKey, signToken, testKeys } from '@countersign/testkit'
import type { SharedRevocationsOptions } from '@countersign/verifier'

export const issuer = 'https://issuer.test'
export const audience = 'https://api.test'

/** What a process serves under the path of each name. */
export const choices = {
  refuse: { onStale: 'refuse' },
  allow: { onStale: 'allow' },
  life: { onStale: { allowTokenLifetimeUnderSeconds: 120 } },
  strong: { onStale: 'allow', consistency: 'strong' },
} as const satisfies Readonly<Record<string, Partial<SharedRevocationsOptions>>>

export type Choice = keyof typeof choices

/** Where the denylist is. */
type StorePlace =
  | { readonly host: string; readonly port: number; readonly username?: string; readonly password?: string; readonly prefix: string }
  | { readonly url: string; readonly schema: string }

/** What a process is told. */
export interface GuardSetup {
  readonly place: StorePlace
  readonly framework: 'express' | 'koa'
  readonly serves: readonly Choice[]
  /** False: nothing that is pushed is heard, and nobody notices. @defaultValue true */
  readonly listens?: boolean
  readonly maxStalenessSeconds: number
  readonly pollSeconds: number
  /** How many keys the issuer has. */
  readonly keys: number
}

/** What a process is asked; it answers what its events were since the last time. */
export interface GuardRequest {
  readonly revoke?: RevocationEntry
  readonly reinstate?: RevocationEntry
}

export const kidsOf = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `key-${n}`)
export const ofKey = (kid: string): RevocationEntry => ({ type: 'signing_key', issuer, kid })

/** A token that was issued `ageSeconds` ago. */
export function tokenOf(kid: string, { lifetimeSeconds = 600, ageSeconds = 0 } = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000) - ageSeconds
  return signToken({
    key: renameKey(testKeys.es256, { kid }),
    claims: { iss: issuer, aud: audience, sub: 'user-1', iat, exp: iat + lifetimeSeconds },
  })
}
