import type { Auth, FormParameters } from '@countersign/core'
import type { Change, Place } from '../../screen/screen.js'
import type { ConsoleKeys } from '../../screen/server-parts.js'
import { notDone } from '../outcomes.js'

const clientOf = (values: FormParameters): string => values.get('client') ?? ''
const kidOf = (values: FormParameters): string => values.get('kid') ?? ''
const placeOf = (values: FormParameters): Place => ({ path: '/client', query: { client: values.get('client') } })

const reasons: Readonly<Record<string, string>> = {
  bad_kid: 'The name of the key has other characters than letters, digits and ._~:+/=-.',
  kid_taken: 'The client has a key of this name.',
  key_taken: 'This key is registered already, or it was.',
  too_many: 'The client has as many keys as it may have. Retire one first.',
}

/** A key as it was pasted: a JWK, or PEM. */
function keyOf(text: string): { readonly jwk: unknown } | { readonly pem: string } | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith('-----BEGIN')) return { pem: trimmed }
  try {
    return { jwk: JSON.parse(trimmed) as unknown }
  } catch {
    return undefined
  }
}

/** What can be done to the keys of clients. */
export function clientKeyChanges<A extends Auth>({ clientKeys }: ConsoleKeys): readonly Change<A>[] {
  const common = {
    audience: 'operators' as const,
    place: placeOf,
    about: (values: FormParameters) => ({ clientId: values.get('client'), detail: { kid: values.get('kid') ?? values.get('name') ?? '' } }),
  }
  const gone = notDone('unknown', 'This key does not exist, or has ended already.', { status: 404 })
  return [
    {
      ...common,
      path: '/client/register-key',
      action: 'client_key.register',
      async run(_visit, values) {
        const key = keyOf(values.get('key') ?? '')
        if (key === undefined) return notDone('malformed', 'This is neither a JWK nor PEM.', { field: 'key' })
        const made = await clientKeys.register({ owner: clientOf(values), kid: values.get('name')?.trim() ?? '', ...key })
        if (made.ok) return { ok: true, to: placeOf(values), notice: 'key-registered' }
        const field = made.reason.includes('kid') ? 'name' : 'key'
        const message = reasons[made.reason] ?? `The key cannot be taken (${made.reason.replaceAll('_', ' ')}).`
        return notDone(made.reason, made.hint === undefined ? message : `${message} ${made.hint}`, { field })
      },
    },
    {
      ...common,
      path: '/client/retire-key',
      action: 'client_key.retire',
      run: async (_visit, values) =>
        (await clientKeys.retire(clientOf(values), kidOf(values))) ? { ok: true, to: placeOf(values), notice: 'key-retired' } : gone,
    },
    {
      ...common,
      path: '/client/revoke-key',
      action: 'client_key.revoke',
      phrase: async (_visit, values) => kidOf(values),
      run: async (_visit, values) =>
        (await clientKeys.revoke(clientOf(values), kidOf(values), {})) ? { ok: true, to: placeOf(values), notice: 'key-revoked' } : gone,
    },
  ]
}
