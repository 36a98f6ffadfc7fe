import { type AuditEntry, type Auth, eventChannel, type FormParameters, orUnavailable } from '@countersign/core'
import type { Change, Changed } from './screen/screen.js'
import type { ConsoleUser } from './screen/user.js'
import type { ConsoleContext } from './visits.js'

const yearSeconds = 365 * 86_400
const lost = eventChannel('countersign:audit')

/** What is about to be changed. */
interface Attempt<A extends Auth> {
  readonly user: ConsoleUser<A>
  readonly change: Change<A>
  readonly values: FormParameters
  /** The id of the form: both entries of a change have it. */
  readonly formId: string
}

/** What a form says an id is may be long: no entry is lost because of that. */
function clipped({ clientId, detail = {} }: ReturnType<Change['about']>): ReturnType<Change['about']> {
  const cut = (text: string): string => text.slice(0, 255)
  return {
    ...(clientId !== undefined && { clientId: cut(clientId) }),
    detail: Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, cut(value)])),
  }
}

/**
 * Makes a change that is on record. The first entry is written before it: a change that cannot be recorded is not made. The second one says what became
 * of it.
 */
export async function auditedChange<A extends Auth>(
  { options, parts }: ConsoleContext<A>,
  { user, change, values, formId }: Attempt<A>,
  run: () => Promise<Changed>,
): Promise<Changed> {
  const { audit } = parts
  const about = clipped(change.about(values))
  const ttlMs = (options.auditLifetimeSeconds ?? yearSeconds) * 1000
  const entryOf = (outcome: string): AuditEntry => ({
    event: 'countersign:console',
    subject: user.id,
    ...about,
    detail: { ...about.detail, action: change.action, outcome, role: user.role, form: formId },
  })
  const append = async (outcome: string): Promise<void> => {
    if (audit === undefined) return
    const { dropped } = await audit.append(entryOf(outcome), { ttlMs })
    if (dropped > 0) lost.publish({ outcome: 'dropped', count: dropped })
  }
  const conclude = (outcome: string): Promise<void> =>
    append(outcome).catch((cause: unknown) => lost.publish({ outcome: 'lost', count: 1, cause }))

  await orUnavailable(append('begun'))
  try {
    const changed = await run()
    await conclude(changed.ok ? 'done' : changed.reason)
    return changed
  } catch (error) {
    await conclude('failed')
    throw error
  }
}
