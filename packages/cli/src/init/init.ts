import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isCancel, select } from '@clack/prompts'
import type { Command } from 'commander'
import { type CommandContext, exitCode, UsageError } from '../command/context.js'
import { createPrinter } from '../command/printer.js'
import type { Run } from '../manage/options.js'
import { filesOf, type Manifest, manifestWith } from './files.js'

interface InitOptions {
  readonly framework?: string
  readonly language?: string
}

const frameworks = ['express', 'koa'] as const
const languages = ['typescript', 'javascript'] as const

/** A question with its possible answers. */
interface Question<T extends string> {
  readonly name: string
  readonly all: readonly [T, ...T[]]
  /** The option. */
  readonly given: string | undefined
}

/** The option, else what the person at the terminal says, else the first. */
async function answerTo<T extends string>({ isInteractive }: CommandContext, { name, all, given }: Question<T>): Promise<T> {
  if (given !== undefined) {
    const found = all.find((one) => one === given)
    if (found === undefined) throw new UsageError(`--${name} must be ${all.join(' or ')}, got ${JSON.stringify(given)}`)
    return found
  }
  if (!isInteractive) return all[0]
  const chosen = await select<string>({ message: `Which ${name}?`, options: all.map((value) => ({ value, label: value })) })
  const found = isCancel(chosen) ? undefined : all.find((one) => one === chosen)
  if (found === undefined) throw new UsageError('nothing was written')
  return found
}

function manifestIn(folder: string): Manifest {
  const path = join(folder, 'package.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : {}
}

/** The version of this package: all packages are released together. */
function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}

/** Writes a config and a mounted example. A file that is there is never replaced. */
async function init(context: CommandContext, options: InitOptions): Promise<number> {
  const choice = {
    framework: await answerTo(context, { name: 'framework', all: frameworks, given: options.framework }),
    language: await answerTo(context, { name: 'language', all: languages, given: options.language }),
  }
  const files = filesOf(choice)
  const there = Object.keys(files).filter((path) => existsSync(join(context.folder, path)))
  if (there.length > 0) throw new UsageError(`init must not replace files: ${there.join(', ')} exists`)
  const manifest = manifestWith(manifestIn(context.folder), choice, ownVersion())
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(context.folder, path)), { recursive: true })
    writeFileSync(join(context.folder, path), text)
  }
  writeFileSync(join(context.folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  const printer = createPrinter(context)
  printer.line(`written: package.json, ${Object.keys(files).join(', ')}`)
  printer.line('Now:')
  printer.line('  npm install')
  printer.line('  npm run dev')
  printer.line('Then, in another terminal:')
  printer.line('  curl -H "authorization: Bearer $(npx countersign token mint)" localhost:3000/me')
  return exitCode.ok
}

/** Adds `init`. */
export function addInit(program: Command, context: CommandContext, run: Run): void {
  program
    .command('init')
    .description('Writes a config and an example with a guarded route.')
    .option('--framework <name>', 'express or koa')
    .option('--language <name>', 'typescript or javascript')
    .action(run((options: InitOptions) => init(context, options)))
}
