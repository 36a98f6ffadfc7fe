import tab from '@bomb.sh/tab/commander'
import { isUnavailable } from '@countersign/core'
import { Command, CommanderError } from 'commander'
import { addDevelop } from '../develop/develop.js'
import { type DoctorOptions, doctor } from '../doctor/doctor.js'
import { causesOf } from '../doctor/finding.js'
import { type ExplainOptions, explain } from '../explain/explain.js'
import { addInit } from '../init/init.js'
import { addClients } from '../manage/clients.js'
import { addIntegrations } from '../manage/integrations.js'
import { addKeys } from '../manage/keys.js'
import { type Run, withListOptions } from '../manage/options.js'
import { addRevoke } from '../manage/revoke.js'
import { addMove } from '../move/move.js'
import { type CommandContext, checkContext, exitCode, UsageError } from './context.js'
import { createPrinter } from './printer.js'

/** Something that belongs on standard input: a JWT, or a secret of a client. */
const isSecret = (argument: string): boolean => /^(bearer\s+)?["']?ey[\w-]{10,}\./i.test(argument) || /^c[sk]_[\w-]{16,}/.test(argument)

/** How a command ends: the code for the process. */
interface Ended {
  code: number
}

/** A thumbprint, which names a key, may begin with a dash: it is not an option. */
const isThumbprint = (argument: string): boolean => /^-[\w-]{42}$/.test(argument)

/** The arguments with such names after the options. */
function argumentsOf({ args }: CommandContext): readonly string[] {
  const names = args.filter(isThumbprint)
  return names.length === 0 || args.includes('--') ? args : [...args.filter((argument) => !isThumbprint(argument)), '--', ...names]
}

function createProgram(context: CommandContext, ended: Ended): Command {
  const run: Run =
    (work) =>
    async (...args) => {
      ended.code = await work(...args)
    }
  const program = new Command('countersign')
    .description('Explains tokens, checks a set-up, and manages what a config of countersign has.')
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => void context.output.write(text),
      writeErr: (text) => void context.errors.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  program
    .command('explain')
    .description('Says why the guard of the config admits or refuses the token on standard input.')
    .option('-c, --config <file>', 'the config; default: countersign.config.{ts,js,mjs} here or in a folder above')
    .option('--scopes <list>', 'scopes that the route requires')
    .option('--method <method>', 'method of the request, for a DPoP proof')
    .option('--url <url>', 'URL of the request, for a DPoP proof')
    .option('--show-claims', 'shows every claim, personal ones too')
    .option('--json', 'prints JSON')
    .action(run((options: ExplainOptions) => explain(context, options)))
  withListOptions(program.command('doctor').description('Looks at everything that the config has, and says what is wrong.')).action(
    run((options: DoctorOptions) => doctor(context, options)),
  )
  for (const add of [addKeys, addClients, addIntegrations, addRevoke, addMove, addDevelop, addInit]) add(program, context, run)
  tab(program)
  return program
}

/**
 * Runs a command.
 *
 * @returns the code with which the process must end: 0 done or admitted, 1 refused or something found, 2 wrong use, 3 an outage
 * @example
 * import { runCommand } from '@countersign/cli'
 *
 * const code = await runCommand({
 *   args: ['explain', '--json'],
 *   folder: '/app',
 *   environment: {},
 *   readInput: async () => 'the token',
 *   isInteractive: false,
 *   output: process.stdout,
 *   errors: process.stderr,
 *   importModule: (path) => import(path),
 *   importPackage: (name) => import(name),
 *   onWarning: () => () => undefined,
 *   now: Date.now,
 * })
 * console.log(code)
 */
export async function runCommand(context: CommandContext): Promise<number> {
  checkContext(context)
  const errors = createPrinter(context, context.errors)
  const fail = (message: string): number => {
    errors.line(`${errors.paint.red('error:')} ${message}`)
    return exitCode.usage
  }
  // Arguments stand in the history of the shell, and every user of the machine sees them.
  if (context.args.some(isSecret)) return fail('a token or secret must come on standard input, not as an argument')
  const ended: Ended = { code: exitCode.ok }
  const program = createProgram(context, ended)
  try {
    await program.parseAsync([...argumentsOf(context)], { from: 'user' })
    return ended.code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
    if (error instanceof UsageError) return fail(error.message)
    if (isUnavailable(error)) {
      errors.line(`${errors.paint.red('outage:')} ${causesOf(error)}`)
      return exitCode.outage
    }
    return fail(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  }
}
