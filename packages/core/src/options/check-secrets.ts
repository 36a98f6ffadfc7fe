import { checkOptions } from './check-options.js'
import { kind } from './kinds.js'
import type { OptionKind } from './option-kind.js'

interface Named {
  readonly id: unknown
  readonly secret: unknown
}

interface Rotating {
  readonly current: Named
  readonly previous?: readonly Named[]
}

/** What ids and secrets of one option must be. */
export interface SecretRules {
  /** @defaultValue a string */
  readonly id?: OptionKind
  /** @defaultValue a string or bytes */
  readonly secret?: OptionKind
}

const text = kind.satisfying('a string', (value) => typeof value === 'string')
const bytes = kind.satisfying('a string or bytes', (value) => typeof value === 'string' || value instanceof Uint8Array)

/** A secret that is shorter could be guessed. */
const leastBytes = 32

/** The kind of a secret that is used as it is given. The message shows its length alone. */
export const longSecret: OptionKind = kind.satisfying(
  `a string or bytes, ${leastBytes} bytes or more`,
  (value) => bytes.accepts(value) && Buffer.byteLength(value as string | Uint8Array) >= leastBytes,
)

/**
 * Checks secrets that rotate, each with an id: those of an option, and those that a function of the host returned.
 *
 * @param factory - what messages begin with
 * @param option - the path of the option
 * @param secrets - `{ current: { id, secret }, previous: [{ id, secret }] }`
 * @throws TypeError that names the option by its whole path. No secret and no id is in the message
 * @example
 * ```ts
 * import { checkSecrets, longSecret } from '@countersign/core'
 *
 * // TypeError: createTickets: secrets.current.secret must be a string or bytes, 32 bytes or more, got a string of 5 characters
 * checkSecrets('createTickets', 'secrets', { current: { id: '1', secret: 'short' } }, { secret: longSecret })
 * ```
 */
export function checkSecrets(factory: string, option: string, secrets: unknown, { id = text, secret = bytes }: SecretRules = {}): void {
  const members = { id: kind.required(id), secret: kind.required({ ...secret, isSecret: true as const }) }
  const named: OptionKind = { ...kind.members<Named>(members, '{ id, secret }'), isSecret: true }
  const must = '{ current: { id, secret }, previous: [{ id, secret }] }'
  const both = kind.members<Rotating>({ current: kind.required(named), previous: kind.listOf(named, 0) }, must)
  checkOptions<Readonly<Record<string, unknown>>>(factory, { [option]: secrets }, { [option]: kind.required({ ...both, isSecret: true }) })
  const { current, previous = [] } = secrets as Rotating
  const ids = [current, ...previous].map((one) => one.id)
  const again = ids.findIndex((one, index) => ids.indexOf(one) < index)
  if (again === -1) return
  const first = ids.indexOf(ids[again])
  const place = first === 0 ? 'current' : `previous[${first - 1}]`
  throw new TypeError(`${factory}: ${option}.previous[${again - 1}].id must not be a duplicate, got the id of ${option}.${place} again`)
}
