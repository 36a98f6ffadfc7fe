import type { Auth, FormParameters } from '@countersign/core'
import type { Change, Notice, Place } from '../../screen/screen.js'
import type { ConsoleClients, NewClient } from '../../screen/server-parts.js'
import { notDone, unlessWrong } from '../outcomes.js'
import { secretView } from '../secret-view.js'

const idOf = (values: FormParameters): string => values.get('client') ?? ''
const placeOf = (client: string): Place => ({ path: '/client', query: { client } })
const listOf = (text: string | undefined): readonly string[] => (text ?? '').split(/[\s,]+/).filter((one) => one !== '')

/** What a form says of a client. What is wrong with it, the clients say. */
function newClientOf(values: FormParameters): NewClient {
  const [id, title, owner] = [values.get('id')?.trim(), values.get('title'), values.get('owner')]
  return {
    ...(id && { id }),
    ...(title !== undefined && { title }),
    ...(owner !== undefined && { owner }),
    authMethods: [(values.get('authMethod') ?? 'client_secret_basic') as NewClient['authMethods'][number]],
    grants: listOf(values.get('grants')),
    scopes: listOf(values.get('scopes')),
  }
}

/** What can be done to clients. */
export function clientChanges<A extends Auth>(clients: ConsoleClients): readonly Change<A>[] {
  const about = (values: FormParameters) => {
    const credential = values.get('credential')
    return { clientId: values.get('client'), detail: { ...(credential !== undefined && { credential }) } }
  }

  function simple(
    name: string,
    notice: Notice,
    run: (values: FormParameters) => Promise<boolean>,
    more: Partial<Change<A>> = {},
  ): Change<A> {
    return {
      path: `/client/${name}`,
      audience: 'operators',
      action: `client.${name.replaceAll('-', '_')}`,
      place: (values) => placeOf(idOf(values)),
      about,
      async run(_visit, values) {
        const to = name === 'remove' ? { path: '/clients' } : placeOf(idOf(values))
        return (await run(values)) ? { ok: true, to, notice } : notDone('unknown', 'This does not exist any more.', { status: 404 })
      },
      ...more,
    }
  }

  const typedId: Change<A>['phrase'] = async (_visit, values) => idOf(values)
  return [
    {
      path: '/clients/register',
      audience: 'operators',
      action: 'client.register',
      place: () => ({ path: '/clients' }),
      about: (values) => ({ clientId: values.get('id') }),
      run: (visit, values) =>
        unlessWrong(async () => {
          const made = await clients.register(newClientOf(values))
          if (!made.ok) return notDone(made.reason, 'There is a client with this id.', { field: 'id', status: 409 })
          const { id } = made.client
          if (made.secret === undefined) return { ok: true, to: placeOf(id), notice: 'client-registered' }
          return {
            ok: true,
            view: secretView(visit, { clientId: id, credentialId: made.secret.id, secret: made.secret.secret }, placeOf(id)),
          }
        }),
    },
    {
      ...simple('add-secret', 'client-registered', async () => true),
      run: (visit, values) =>
        unlessWrong(async () => {
          const title = values.get('title')
          const issued = await clients.addSecret(idOf(values), title === undefined ? {} : { title })
          if (issued === undefined) return notDone('unknown', 'This client does not exist, or has no secrets.', { status: 404 })
          return {
            ok: true,
            view: secretView(visit, { clientId: idOf(values), credentialId: issued.id, secret: issued.secret }, placeOf(idOf(values))),
          }
        }),
    },
    simple('revoke-secret', 'credential-revoked', (values) => clients.revokeSecret(idOf(values), values.get('credential') ?? '')),
    simple('lock', 'client-locked', (values) => clients.lock(idOf(values)), { phrase: typedId }),
    simple('unlock', 'client-unlocked', (values) => clients.unlock(idOf(values))),
    simple('remove', 'client-removed', (values) => clients.remove(idOf(values)), { phrase: typedId }),
  ]
}
