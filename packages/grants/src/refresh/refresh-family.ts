import type { UsedKey } from '../assertions/used-key.js'
import type { Granted, GrantRequest } from '../grants/grant.js'
import { keysOf } from '../issuing/mint.js'
import { type ChainData, chainText } from './stored-family.js'

/** What the tokens of a chain are bound to: another client's chains, those from before a lock, and another tenant's are none of this one. */
export const bindingOf = ({ client: { id, credentialGeneration }, issuer }: Pick<GrantRequest, 'client' | 'issuer'>): string =>
  JSON.stringify([id, credentialGeneration, issuer])

/** Whether a chain was begun by a client at an issuer, also if the client was locked since. */
export function isOwner(binding: string, { client, issuer }: Pick<GrantRequest, 'client' | 'issuer'>): boolean {
  const [id, , startedAt] = JSON.parse(binding) as readonly unknown[]
  return id === client.id && startedAt === issuer
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
  return chainText(data)
}
