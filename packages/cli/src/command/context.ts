import { checkOptions, kind, type Now, type OptionShape } from '@countersign/core'

/** A stream that text is written to. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** What a command has of its process. Tests give their own. */
export interface CommandContext {
  /** Arguments after the name of the command. */
  readonly args: readonly string[]
  /** The folder in which it was started. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Reads standard input to its end. */
  readonly readInput: () => Promise<string>
  /** Whether standard input is a terminal. */
  readonly isInteractive: boolean
  readonly output: Output
  readonly errors: Output
  /** Imports a module of JavaScript or TypeScript by its path. */
  readonly importModule: (path: string) => Promise<unknown>
  /** Imports a package that is installed for a file of the app. */
  readonly importPackage: (name: string, from: string) => Promise<unknown>
  /** Calls a listener for each warning of the process, until the returned function is called. */
  readonly onWarning: (listener: (warning: Error) => void) => () => void
  /** Epoch milliseconds. */
  readonly now: Now
}

const shape: OptionShape<CommandContext> = {
  args: kind.required(
    kind.listOf(
      kind.satisfying('a string', (value) => typeof value === 'string'),
      0,
    ),
  ),
  folder: kind.required(kind.string),
  environment: kind.required(kind.record),
  readInput: kind.required(kind.func),
  isInteractive: kind.required(kind.flag),
  output: kind.required(kind.having('a stream', 'write')),
  errors: kind.required(kind.having('a stream', 'write')),
  importModule: kind.required(kind.func),
  importPackage: kind.required(kind.func),
  onWarning: kind.required(kind.func),
  now: kind.required(kind.func),
}

/** @throws TypeError that names the member */
export function checkContext(context: CommandContext): void {
  checkOptions('runCommand', context, shape)
}

/** What the process of a command ends with. */
export const exitCode: { readonly ok: 0; readonly no: 1; readonly usage: 2; readonly outage: 3 } = Object.freeze({
  /** Done; the token is admitted; nothing was found. */
  ok: 0,
  /** The token is refused, something was found, or nothing was there to change. */
  no: 1,
  /** Wrong arguments, or a config that cannot be loaded. */
  usage: 2,
  /** An outage: it cannot be told. */
  outage: 3,
})

/** A mistake of the person at the terminal: its message is shown, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
