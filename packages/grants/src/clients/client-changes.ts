import { checkOptions } from '@countersign/core'
import { type ClientSettings, changesShape, checkClientId, completeSettings, isPublicClient } from './record/client.js'
import type { ClientRecord } from './record/stored-client.js'

/** Settings to change; `undefined` is back to the default. */
export type ClientChanges = { readonly [Name in keyof ClientSettings]?: ClientSettings[Name] | undefined }

const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((one) => others.includes(one))

/**
 * The record with other settings, judged as a whole.
 *
 * @throws TypeError if they do not fit together
 */
export function changedRecord(record: ClientRecord, changes: ClientChanges): ClientRecord {
  checkOptions('client', changes, changesShape)
  const { v, id, isLocked, credentialGeneration, secrets, isChanged: _isChanged, ...before } = record
  // A client without a separate list means all of its scopes.
  const defaultScopes = areSame(before.defaultScopes, before.scopes) ? undefined : before.defaultScopes
  const wanted = Object.entries({ ...before, defaultScopes, ...changes }).filter(([, value]) => value !== undefined)
  const settings = completeSettings(Object.fromEntries(wanted) as unknown as ClientSettings)
  checkClientId(id, settings)
  // What it holds was given to a client of the other kind.
  if (isPublicClient(settings) !== isPublicClient(before))
    throw new TypeError(`client: authMethods must not make a client ${isPublicClient(settings) ? 'public' : 'confidential'} that was not`)
  // A policy from before it could say all that it can now stays what it was, until somebody changes it.
  const refresh = Object.hasOwn(changes, 'refresh') ? settings.refresh : before.refresh
  return { ...settings, refresh, v, id, isLocked, credentialGeneration, isChanged: true, secrets }
}
