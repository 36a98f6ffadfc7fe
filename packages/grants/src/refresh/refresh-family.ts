import type { TokenOrigin } from '@countersign/core'
import type { UsedKey } from '../assertions/used-key.js'
import type { Authentication, Granted, GrantRequest } from '../grants/grant.js'
import { keysOf } from '../issuing/mint.js'

/** What the tokens of a chain are bound to: another client's chains, those from before a lock, and another tenant's are none of this one. */
export const bindingOf = ({ client: { id, era }, issuer }: Pick<GrantRequest, 'client' | 'issuer'>): string =>
  JSON.stringify([id, era, issuer])

/** Whether a chain was begun by a client at an issuer, also if the client was locked since. */
export function isOwner(binding: string, { client, issuer }: Pick<GrantRequest, 'client' | 'issuer'>): boolean {
  const [id, , begunAt] = JSON.parse(binding) as readonly unknown[]
  return id === client.id && begunAt === issuer
}

/** What the store keeps with a chain of refresh tokens: everything that a token is made of again. */
export interface ChainData {
  readonly v: 1
  readonly subject: string
  readonly isPerson: boolean
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly authentication?: Authentication
  readonly claims?: Readonly<Record<string, unknown>>
  /** By which the chain began. */
  readonly grantType: string
  /** Id of the client's secret that began the chain. */
  readonly secretId?: string
  /** Keys of the client that the chain is owed to: its end is that of each of them. */
  readonly keys?: readonly UsedKey[]
  /** What that was itself obtained with. */
  readonly inherited?: readonly string[]
  /** What it was exchanged for. */
  readonly origins?: readonly TokenOrigin[]
  /** The latest end of its access tokens, in epoch seconds. */
  readonly expiresAt?: number
  /** Epoch seconds. */
  readonly startedAt: number
}

/** What a chain begins with. */
export function chainData(
  granted: Granted,
  begun: Pick<ChainData, 'grantType' | 'startedAt'> & {
    readonly secretId: string | undefined
    readonly key: UsedKey | undefined
  },
): string {
  const { secretId, key, ...how } = begun
  const { subject, isPerson, scopes, audiences, authentication, claims, inherited, origins, expiresAt } = granted
  const keys = keysOf(granted, key)
  const data: ChainData = {
    v: 1,
    subject,
    isPerson,
    scopes,
    audiences,
    ...(authentication && { authentication }),
    ...(claims && { claims }),
    ...(secretId !== undefined && { secretId }),
    ...(keys.length > 0 && { keys }),
    ...(inherited && { inherited }),
    ...(origins && { origins }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...how,
  }
  return JSON.stringify(data)
}

/** Undefined for a format that this release does not understand. */
export function parseChain(text: string): ChainData | undefined {
  const data = JSON.parse(text) as ChainData | null
  return data?.v === 1 ? data : undefined
}
