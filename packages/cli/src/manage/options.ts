import type { Command } from 'commander'

/** Makes an action of commander out of a command that ends with a code. */
export type Run = <Args extends unknown[]>(work: (...args: Args) => Promise<number>) => (...args: Args) => Promise<void>

const configOption = ['-c, --config <file>', 'the config; default: countersign.config.{ts,js,mjs} here or in a folder above'] as const

/** Options of a command that lists or looks. */
export function withListOptions(command: Command): Command {
  return command.option(...configOption).option('--json', 'prints JSON')
}

/** Options of a command that changes something. */
export function withChangeOptions(command: Command): Command {
  return withListOptions(command).option('--dry-run', 'says what would be done, and does nothing')
}
