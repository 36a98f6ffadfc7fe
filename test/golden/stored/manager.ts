import { accountsOf, manager } from '../scenarios/accounts.js'
import type { World } from '../world.js'

type Guard = ReturnType<typeof accountsOf>['guard']
type Admitted = Extract<Awaited<ReturnType<Guard['check']>>, { ok: true }>

/** A person who acts for the entities, as the guard admits them. */
export async function guardActor(world: World): Promise<NonNullable<Admitted['auth']>> {
  const { guard } = accountsOf(world)
  const admission = await guard.check({ headers: { authorization: `Bearer ${await manager()}` } })
  if (!admission.ok || admission.auth === undefined) throw new Error('the manager was not admitted')
  return admission.auth
}

/** What was done. */
export function managed<T extends { readonly ok: boolean }>(done: T): Extract<T, { ok: true }> {
  if (!done.ok) throw new Error(JSON.stringify(done))
  return done as Extract<T, { ok: true }>
}
