import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../examples/nuance/dist/app.js', import.meta.url))

/** The example in a process of its own. */
export interface App {
  readonly url: string
  /** What it has printed so far. */
  output(): string
  /** SIGTERM; gives the exit code, or the signal that ended it. */
  end(): Promise<number | NodeJS.Signals | null>
}

interface Launched {
  readonly output: () => string
  readonly code: () => number | NodeJS.Signals | null
  kill(signal: NodeJS.Signals): void
  /** Everything is read when this is done. */
  readonly closed: Promise<unknown>
}

export const operatorToken = 'operator-of-the-tests'

/** Variables of the machine that runs the tests must not decide. */
const unset = { PORT: undefined, REDIS_URL: undefined, DATABASE_URL: undefined, SEED_FILE: undefined, APP_SECRET: undefined }

function launch(env: NodeJS.ProcessEnv): Launched {
  if (!existsSync(program)) throw new Error('examples/nuance is not built: run `pnpm build` first')
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...unset, PORT: '0', OPERATOR_TOKEN: operatorToken, LOG_REFUSALS: 'on', ...env },
  })
  const printed = { text: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed.text += chunk.toString()
    })
  }
  return {
    output: () => printed.text,
    code: () => child.exitCode ?? child.signalCode,
    kill: (signal) => void child.kill(signal),
    closed: once(child, 'close'),
  }
}

const listening = /^listening (http:\/\/127\.0\.0\.1:\d+)$/m

/** Starts it on a free port. */
export async function startApp(env: NodeJS.ProcessEnv): Promise<App> {
  const { output, code, kill, closed } = launch(env)
  while (!listening.test(output())) {
    if (code() !== null) throw new Error(`the app ended with ${code()}: ${output()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    url: listening.exec(output())?.[1] ?? '',
    output,
    async end() {
      kill('SIGTERM')
      await closed
      return code()
    },
  }
}

/** Starts it where it must not start. */
export async function failToStart(env: NodeJS.ProcessEnv): Promise<{ readonly code: unknown; readonly output: string }> {
  const { output, code, kill, closed } = launch(env)
  const timer = setTimeout(() => kill('SIGKILL'), 10_000)
  await closed
  clearTimeout(timer)
  return { code: code(), output: output() }
}
