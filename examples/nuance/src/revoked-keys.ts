import type { DocumentStore } from '@countersign/core'
import type { RegisteredKeys } from '@countersign/keys'
import { thumbprintOf } from './thumbprint.js'

const collection = 'nuance_revoked'

/** What was revoked in any system of a store. A system that begins anew knows nothing of it, and must not take it back. */
export interface RevokedKeys {
  has(thumbprint: string | undefined): Promise<boolean>
  /** The same keys, except that what was revoked anywhere is not registered here. */
  guarding(keys: RegisteredKeys): RegisteredKeys
}

/** Revoked keys, for ever. */
export function createRevokedKeys(store: DocumentStore): RevokedKeys {
  const has = async (thumbprint: string | undefined): Promise<boolean> =>
    thumbprint !== undefined && (await store.get({ collection, id: thumbprint })) !== undefined

  const guarding = (keys: RegisteredKeys): RegisteredKeys => ({
    ...keys,
    async register(registration) {
      return (await has(thumbprintOf(registration))) ? { ok: false, reason: 'key_taken' } : keys.register(registration)
    },
    async revoke(owner, kid, options) {
      const known = (await keys.list(owner)).find((key) => key.kid === kid)
      if (known) await store.put({ collection, id: known.thumbprint, value: '1', revision: 0 })
      return keys.revoke(owner, kid, options)
    },
  })

  return { has, guarding }
}
