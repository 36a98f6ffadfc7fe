import type { Auth, FormParameters } from '@countersign/core'
import type { Change, Changed, Notice } from '../../screen/screen.js'
import type { ConsoleKeys, KeyStep } from '../../screen/server-parts.js'
import { notDone, unlessWrong } from '../outcomes.js'
import { shortKid } from './timeline.js'

const place = { path: '/keys' }

const whenSafe = (seconds: number | undefined): string =>
  seconds === undefined ? '' : ` It is safe from ${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC on.`

function outcomeOf(step: KeyStep, notice: Notice): Changed {
  if (step.ok) return { ok: true, to: place, notice }
  const messages: Readonly<Record<string, string>> = {
    unknown: 'This key does not exist.',
    wrong_state: 'This step is not possible in the state of the key. It may have changed meanwhile.',
    too_early: `It is too early: a verifier may not know the key yet.${whenSafe(step.safeAt)}`,
    last_key: `This key signs, and nothing replaces it yet. Rotate first.${whenSafe(step.safeAt)}`,
  }
  return notDone(step.reason, messages[step.reason] ?? 'This step is not possible.', { status: 409 })
}

function jwkOf(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const jwk = JSON.parse(text ?? '') as unknown
    return typeof jwk === 'object' && jwk !== null && !Array.isArray(jwk) ? (jwk as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

/** What can be done to signing keys. */
export function keyChanges<A extends Auth>({ signing }: ConsoleKeys): readonly Change<A>[] {
  const step = (name: string, run: (values: FormParameters) => Promise<Changed>): Change<A> => ({
    path: `/keys/${name}`,
    audience: 'operators',
    action: `key.${name}`,
    place: () => place,
    about: (values) => ({ detail: { ...(values.get('kid') !== undefined && { kid: values.get('kid') ?? '' }) } }),
    run: (_visit, values) => unlessWrong(() => run(values)),
  })
  const kidOf = (values: FormParameters): string => values.get('kid') ?? ''
  return [
    step('rotate', async () => outcomeOf(await signing.rotate(), 'key-rotated')),
    step('generate', async () => outcomeOf(await signing.generate(), 'key-made')),
    step('stage', async (values) => {
      const jwk = jwkOf(values.get('jwk'))
      return jwk ? outcomeOf(await signing.stage(jwk), 'key-made') : notDone('malformed', 'This is not a JWK.', { field: 'jwk' })
    }),
    step('activate', async (values) => outcomeOf(await signing.activate(kidOf(values)), 'key-activated')),
    step('retire', async (values) => outcomeOf(await signing.retire(kidOf(values)), 'key-retired')),
    {
      ...step('revoke', async (values) => outcomeOf(await signing.revoke(kidOf(values), {}), 'key-revoked')),
      phrase: async (_visit, values) => shortKid(kidOf(values)),
    },
  ]
}
