import { fileURLToPath } from 'node:url'
import { type CommandContext, runCommand } from '@countersign/cli'

/** The folder of the tests. */
const folder: string = fileURLToPath(new URL('.', import.meta.url))

export interface Ran {
  readonly code: number
  readonly output: string
  readonly errors: string
}

/** Runs a command in this process. */
export async function command(args: readonly string[], given: Partial<CommandContext> & { readonly input?: string } = {}): Promise<Ran> {
  const written = { output: '', errors: '' }
  const { input = '', ...context } = given
  const code = await runCommand({
    args,
    folder,
    environment: {},
    readInput: async () => input,
    isInteractive: false,
    output: { write: (text) => void Object.assign(written, { output: written.output + text }) },
    errors: { write: (text) => void Object.assign(written, { errors: written.errors + text }) },
    importModule: (path) => import(/* @vite-ignore */ path),
    importPackage: (name) => import(/* @vite-ignore */ name),
    onWarning: () => () => undefined,
    now: Date.now,
    ...context,
  })
  return { code, ...written }
}
