import type { DocumentStore, Now } from '@countersign/core'
import { signInSeconds } from './user-pool.js'

/** What our token endpoint saw of a sign-in, and Cognito's tokens do not tell. */
interface SignIn {
  /** Whether a second factor was proved. */
  readonly hasMfa: boolean
}

/** A sign-in as each of its access tokens names it, refreshed ones too. */
interface SignInClaims {
  readonly auth_time?: number | undefined
  readonly origin_jti?: string | undefined
}

/** Sign-ins, as long as they can last; all processes on one store know them. */
export interface SignIns {
  record(claims: SignInClaims, seen: SignIn): Promise<void>
  find(claims: SignInClaims): Promise<SignIn | undefined>
}

const collection = 'neris-sign-ins'
/** Access tokens of a last refresh. */
const keepSeconds = signInSeconds + 3_600

/** Ids begin with the time, so that the oldest come first. */
function idOf({ auth_time: authTime, origin_jti: originJti }: SignInClaims): string | undefined {
  if (authTime === undefined || originJti === undefined) return undefined
  return `${String(authTime).padStart(12, '0')}-${originJti}`
}

/** Keeps sign-ins in a store of documents. These have no end of their own: every sign-in takes some old ones away. */
export function createSignIns(store: DocumentStore, now: Now = Date.now): SignIns {
  async function forgetOld(): Promise<void> {
    const before = Math.floor(now() / 1000) - keepSeconds
    const oldest = await store.list({ collection, limit: 10 })
    const over = oldest.filter(({ id }) => Number(id.slice(0, 12)) < before)
    await Promise.all(over.map(({ id, revision }) => store.remove({ collection, id, revision })))
  }

  return {
    async record(claims, seen) {
      const id = idOf(claims)
      if (id === undefined) return
      await store.put({ collection, id, value: JSON.stringify({ v: 1, ...seen }), revision: 0 })
      await forgetOld()
    },
    async find(claims) {
      const id = idOf(claims)
      const found = id === undefined ? undefined : await store.get({ collection, id })
      return found && (JSON.parse(found.value) as SignIn)
    },
  }
}
