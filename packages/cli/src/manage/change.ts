import { type CommandContext, exitCode, UsageError } from '../command/context.js'
import { createPrinter } from '../command/printer.js'
import { closeConfig, type LoadedConfig, loadConfig } from '../config/load-config.js'

/** Options of every command that changes something. */
export interface ChangeOptions {
  readonly config?: string
  readonly json?: boolean
  readonly dryRun?: boolean
}

/** What a change came to: members for JSON, and the same for people. */
export interface ChangeResult {
  readonly ok: boolean
  readonly [member: string]: unknown
}

/** A change, in words and as a function. */
export interface Change {
  /** What is done, for instance `lock the client "batch"`. */
  readonly what: string
  /** Looks whether it can be done, without doing it. */
  readonly canDo?: () => Promise<ChangeResult>
  readonly make: () => Promise<ChangeResult>
}

/** @throws UsageError if the config lacks the part */
export function partOf<T>({ path }: LoadedConfig, part: T | undefined, what: string): T {
  if (part === undefined) throw new UsageError(`${path} must export ${what}`)
  return part
}

/** Loads the config for a piece of work, and ends it afterwards. */
export async function withConfig<T>(
  context: CommandContext,
  { config }: Pick<ChangeOptions, 'config'>,
  work: (loaded: LoadedConfig) => Promise<T>,
): Promise<T> {
  const loaded = await loadConfig(context, config)
  try {
    return await work(loaded)
  } finally {
    await closeConfig(loaded)
  }
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Makes a change, or with `--dry-run` says what it would be. */
export async function change(context: CommandContext, options: ChangeOptions, changeOf: (loaded: LoadedConfig) => Change): Promise<number> {
  return withConfig(context, options, async (loaded) => {
    const { what, canDo, make } = changeOf(loaded)
    const printer = createPrinter(context)
    const result = options.dryRun === true ? ((await canDo?.()) ?? { ok: true }) : await make()
    const { ok, ...members } = result
    if (options.json === true) printer.json({ ok, what, dryRun: options.dryRun === true, ...members })
    else {
      const verb = options.dryRun === true ? (ok ? 'would' : 'cannot') : ok ? 'done:' : 'not done:'
      printer.line(`${ok ? printer.paint.green(verb) : printer.paint.red(verb)} ${what}`)
      for (const [name, value] of Object.entries(members)) if (value !== undefined) printer.line(`  ${name}: ${shown(value)}`)
    }
    return ok ? exitCode.ok : exitCode.no
  })
}

/** Prints a list as a table or as JSON. */
export function printList(
  context: CommandContext,
  json: boolean | undefined,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): number {
  const printer = createPrinter(context)
  if (json === true) printer.json(rows.map((row) => Object.fromEntries(headings.map((heading, at) => [heading, row[at]]))))
  else printer.table(headings, rows)
  return exitCode.ok
}
