import { checkOptions, type Events, eventNames, kind, type OptionShape, onEvent } from '@countersign/core'
import { loggedError, scrub } from './scrub.js'

/** Where lines go: pino, or anything with these methods, for instance `console`. */
export interface Logger {
  error(fields: object, message: string): void
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
}

/** The options of {@link logTo}. */
export interface LogOptions {
  /** Whether an accepted request is a line, too. @defaultValue false */
  readonly accepted?: boolean
}

type Level = keyof Logger
type Event = Readonly<Record<string, unknown>>

const shape: OptionShape<LogOptions> = { accepted: kind.flag }
const target: OptionShape<{ readonly logger: Logger }> = {
  logger: kind.required(kind.having('an object with the methods error, warn and info', 'error', 'warn', 'info')),
}

/** Fields of events that may stand in a line, and their names there. A field that is not here is left out. */
const fieldNames: Readonly<Record<string, string>> = {
  action: 'action',
  by: 'by',
  cached: 'cached',
  clientId: 'clientId',
  count: 'count',
  credential: 'credentialId',
  durationMs: 'durationMs',
  entity: 'entity',
  family: 'family',
  grant: 'grantType',
  issuer: 'issuer',
  jti: 'jti',
  key: 'keyThumbprint',
  keys: 'keys',
  kid: 'kid',
  kind: 'tokenKind',
  outcome: 'outcome',
  owner: 'owner',
  purpose: 'purpose',
  reason: 'reason',
  secret: 'secretId',
  subject: 'subject',
  type: 'type',
  via: 'via',
}

const isOutage = (word: unknown): boolean => typeof word === 'string' && (word === 'unavailable' || word.endsWith('_unavailable'))
const alarming: ReadonlySet<unknown> = new Set(['failed', 'stale', 'lost', 'dropped'])
const suspicious: ReadonlySet<unknown> = new Set([
  'per_process',
  'refresh_reused',
  'store_rollback',
  'too_many',
  'too_many_requests',
  'too_many_failures',
])

function levelOf(name: keyof Events, { outcome, reason, cause }: Event): Level {
  if (cause !== undefined || isOutage(reason) || isOutage(outcome) || alarming.has(outcome)) return 'error'
  return name === 'countersign:refused' || suspicious.has(outcome) ? 'warn' : 'info'
}

const plain = (value: unknown): unknown => (typeof value === 'string' ? scrub(value) : value)
const isPlain = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value)

/** Members that are strings or numbers, for instance of `detail`. */
function plainMembers(value: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => isPlain(member))
      .map(([name, member]) => [scrub(name), plain(member)]),
  )
}

function fieldsOf(event: Event): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {}
  for (const [name, logged] of Object.entries(fieldNames)) if (isPlain(event[name])) fields[logged] = plain(event[name])
  for (const name of ['detail', 'dropped'])
    if (typeof event[name] === 'object' && event[name] !== null) fields[name] = plainMembers(event[name])
  if (event.cause !== undefined) fields.cause = loggedError(event.cause)
  return fields
}

/**
 * Writes a line for each event: `error` for outages, `warn` for refusals, `info` for the rest. No line has a token, a secret or the
 * stack of an error. Call it before the parts are made, so that no event is missed.
 *
 * @param logger - pino, `console`, or anything with the methods `error`, `warn` and `info`, which take fields and a message
 * @returns a function that ends it
 * @throws TypeError for a logger without these methods, and for an option that is unknown or wrong
 * @example
 * ```ts
 * import { logTo } from '@countersign/opentelemetry/log'
 *
 * const end = logTo(console)
 * ```
 */
export function logTo(logger: Logger, options: LogOptions = {}): () => void {
  checkOptions('logTo', options, shape)
  checkOptions('logTo', { logger }, target)
  const quiet: readonly string[] = options.accepted === true ? [] : ['countersign:accepted', 'countersign:anonymous']
  const ends = eventNames
    .filter((name) => !quiet.includes(name))
    .map((name) =>
      onEvent(name, (message) => {
        const event = message as unknown as Event
        logger[levelOf(name, event)](fieldsOf(event), name)
      }),
    )
  return () => {
    for (const end of ends) end()
  }
}
