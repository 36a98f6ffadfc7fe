import type { Auth, FormParameters } from '@countersign/core'
import type { ConsoleIntegrations, ShownSecret } from '../../screen/parts.js'
import type { Change, Changed, Place, Visit } from '../../screen/screen.js'
import { secretView } from '../secret-view.js'
import { refusedChange } from './refused.js'

const detailOf = (entries: Readonly<Record<string, string | undefined>>): { readonly detail: Readonly<Record<string, string>> } => ({
  detail: Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined)),
})

const listOf = (values: FormParameters): Place => ({ path: '/integrations', query: { entity: values.get('entity') } })
const pageOf = (values: FormParameters): Place => ({ path: '/integration', query: { client: values.get('client') } })
const clientOf = (values: FormParameters): string => values.get('client') ?? ''

/** What can be done to integrations. */
export function integrationChanges<A extends Auth>(integrations: ConsoleIntegrations<A>): readonly Change<A>[] {
  const audience = 'everybody'
  const ofClient = (values: FormParameters) => ({
    clientId: values.get('client'),
    ...detailOf({ entity: values.get('entity'), credential: values.get('credential') }),
  })
  const withSecret = (visit: Visit<A>, secret: ShownSecret): Changed => ({
    ok: true,
    view: secretView(visit, secret, { path: '/integration', query: { client: secret.clientId } }),
  })
  return [
    {
      path: '/integrations/create',
      audience,
      action: 'integration.create',
      place: listOf,
      about: (values) => detailOf({ entity: values.get('entity') }),
      async run(visit, values) {
        const wish = { entity: values.get('entity') ?? '', title: values.get('title') ?? '', type: values.get('type') }
        const done = await integrations.create(visit.actor, wish)
        return done.ok ? withSecret(visit, done) : refusedChange(done, { title: 'title', type: 'type' })
      },
    },
    {
      path: '/integration/add-credential',
      audience,
      action: 'integration.add_credential',
      place: pageOf,
      about: ofClient,
      async run(visit, values) {
        const done = await integrations.addCredential(visit.actor, { clientId: clientOf(values), title: values.get('title') })
        return done.ok ? withSecret(visit, done) : refusedChange(done, { title: 'title' })
      },
    },
    {
      path: '/integration/revoke-credential',
      audience,
      action: 'integration.revoke_credential',
      place: pageOf,
      about: ofClient,
      async run(visit, values) {
        const which = { clientId: clientOf(values), credentialId: values.get('credential') ?? '' }
        const done = await integrations.removeCredential(visit.actor, which)
        return done.ok ? { ok: true, to: pageOf(values), notice: 'credential-revoked' } : refusedChange(done)
      },
    },
    {
      path: '/integration/remove',
      audience,
      action: 'integration.remove',
      place: pageOf,
      about: ofClient,
      async phrase(visit, values) {
        const found = await integrations.find(visit.actor, clientOf(values))
        return found.ok ? found.integration.title : undefined
      },
      async run(visit, values) {
        const found = await integrations.find(visit.actor, clientOf(values))
        if (!found.ok) return refusedChange(found)
        const done = await integrations.remove(visit.actor, clientOf(values))
        const to = { path: '/integrations', query: { entity: found.integration.entity } }
        return done.ok ? { ok: true, to, notice: 'integration-removed' } : refusedChange(done)
      },
    },
    {
      path: '/integration/unenroll',
      audience,
      action: 'integration.unenroll',
      place: (values) => (values.get('list') === 'entity' ? { ...listOf(values), path: '/enrollments' } : pageOf(values)),
      about: ofClient,
      async run(visit, values) {
        const done = await integrations.unenroll(visit.actor, { clientId: clientOf(values), entity: values.get('entity') ?? '' })
        const to = values.get('list') === 'entity' ? { ...listOf(values), path: '/enrollments' } : pageOf(values)
        return done.ok ? { ok: true, to, notice: 'unenrolled' } : refusedChange(done)
      },
    },
    {
      path: '/integration/enroll',
      audience,
      action: 'integration.enroll',
      place: (values) => ({ ...listOf(values), path: '/enrollments' }),
      about: ofClient,
      async run(visit, values) {
        const done = await integrations.enroll(visit.actor, { clientId: clientOf(values).trim(), entity: values.get('entity') ?? '' })
        const to = { ...listOf(values), path: '/enrollments' }
        return done.ok ? { ok: true, to, notice: 'enrolled' } : refusedChange(done, { clientId: 'client' })
      },
    },
  ]
}
