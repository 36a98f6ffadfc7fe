import type { Auth } from '@countersign/core'
import { type AccountContext, audited, managed } from './accounts/account-context.js'
import type { Actor } from './accounts/creator.js'
import type { NewCredential } from './integration.js'
import type { IntegrationClients } from './integration-clients.js'
import { type Done, failed } from './reason.js'

/** Credentials of integrations. */
export interface Credentials<A extends Auth> {
  /** One more live credential. */
  readonly addCredential: (
    actor: Actor<A>,
    wish: { readonly clientId: string; readonly title?: string | undefined },
  ) => Promise<Done<NewCredential>>
  /** Ends a credential and everything obtained with it, the last one too. */
  readonly removeCredential: (actor: Actor<A>, which: { readonly clientId: string; readonly credentialId: string }) => Promise<Done>
}

/** Credentials are the secrets of the integration's client. */
export function createCredentials<A extends Auth, Settings extends object>(
  context: AccountContext<A>,
  clients: IntegrationClients<Settings>,
  maxCredentials: number,
): Credentials<A> {
  const idsOf = async (clientId: string): Promise<readonly string[]> => ((await clients.find(clientId))?.secrets ?? []).map(({ id }) => id)

  /** How many there are is known only afterwards: of several made at once, the last are taken back. */
  async function isWithin(clientId: string, credentialId: string): Promise<boolean> {
    if ((await idsOf(clientId)).indexOf(credentialId) < maxCredentials) return true
    await clients.revokeSecret(clientId, credentialId)
    return false
  }

  async function add(clientId: string, title: string | undefined): Promise<Done<NewCredential>> {
    if ((await idsOf(clientId)).length >= maxCredentials) return failed('too_many_credentials')
    const issued = await clients.addSecret(clientId, title === undefined ? {} : { title })
    if (issued === undefined) return failed('unknown_integration')
    if (!(await isWithin(clientId, issued.id))) return failed('too_many_credentials')
    return { ok: true, clientId, credentialId: issued.id, secret: issued.secret }
  }

  return {
    addCredential: (actor, { clientId, title }) =>
      audited({ action: 'add_credential', by: actor, about: { clientId } }, async () => {
        const found = await managed(context, actor, { values: { clientId, title }, required: ['clientId'] })
        return found.ok ? add(clientId, title) : found
      }),
    removeCredential: (actor, { clientId, credentialId }) =>
      audited({ action: 'remove_credential', by: actor, about: { clientId, credential: credentialId } }, async () => {
        const found = await managed(context, actor, { values: { clientId, credentialId }, required: ['clientId', 'credentialId'] })
        if (!found.ok) return found
        return (await clients.revokeSecret(clientId, credentialId)) ? { ok: true } : failed('unknown_credential')
      }),
  }
}
