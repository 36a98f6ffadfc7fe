import { type Endpoint, type Guard, jsonReply, type Requirement } from '@countersign/core'
import type { Clients } from '@countersign/grants'
import { type Integrations, requestRefusal } from '@countersign/integrations'
import { failureReply } from './account-failure.js'
import type { NerisAuth } from './people.js'

/** What {@link credentialList} needs. */
export interface CredentialListOptions {
  readonly integrations: Integrations<NerisAuth>
  readonly clients: Pick<Clients, 'find' | 'lastUses'>
  readonly guard: Guard<NerisAuth>
  readonly requirements: readonly Requirement<NerisAuth>[]
}

const timeOf = (epochSeconds: number | undefined): string | null =>
  epochSeconds === undefined ? null : new Date(epochSeconds * 1000).toISOString()

/**
 * The credentials of an integration with their last use, which the published API does not tell: a leaked secret is found by it.
 * A person who may see the enrollments of the integration may see this.
 */
export function credentialList({ integrations, clients, guard, requirements }: CredentialListOptions): Endpoint {
  return async (request) => {
    const admission = await guard.check(request, ...requirements)
    if (!admission.ok) return admission.reply
    if (admission.auth === undefined) return failureReply(requestRefusal('not_a_person'))
    const clientId = String(request.params?.client_id).toLowerCase()
    // Its own enrollments an integration may see, but not this.
    if (admission.auth.clientId === clientId) return failureReply(requestRefusal('not_a_person'))
    const seen = await integrations.enrollments(admission.auth, { clientId })
    if (!seen.ok) {
      const issues = (seen.issues ?? []).map(({ problem }) => ({ place: 'path', name: 'client_id', problem }) as const)
      return failureReply(requestRefusal(seen.reason, { issues }))
    }
    const [client, lastUses] = await Promise.all([clients.find(clientId), clients.lastUses(clientId)])
    const credentials = (client?.secrets ?? []).map(({ id, title, createdAt }) => ({
      credential_id: id,
      title: title ?? null,
      created_at: timeOf(createdAt),
      last_used_at: timeOf(lastUses[id]),
    }))
    return jsonReply(200, { credentials }, { 'cache-control': 'no-store' })
  }
}
