import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../examples/ehealth/dist/app.js', import.meta.url))

/** The example in a process of its own. */
export interface App {
  readonly url: string
  /** What it has printed so far. */
  output(): string
  /** SIGTERM; gives the exit code, or the signal that ended it. */
  end(): Promise<number | NodeJS.Signals | null>
}

/** How a process that did not start ended. */
export interface Ended {
  readonly code: number | null
  readonly output: string
}

interface Spawned {
  readonly child: ChildProcess
  readonly printed: { text: string }
  /** Everything is read when this is done. */
  readonly closed: Promise<unknown>
}

/** Variables of the machine that runs the tests must not decide. */
const names = ['PORT', 'JWT_LOGIN_TTL', 'JWT_SECRET', 'JWT_NEXT_SECRET', 'JWT_PREVIOUS_SECRET', 'REDIS_URL', 'SEED_FILE']
const unset = Object.fromEntries(
  names.flatMap((name) => [
    [name, undefined],
    [`${name}_ID`, undefined],
  ]),
)

function launch(env: NodeJS.ProcessEnv): Spawned {
  if (!existsSync(program)) throw new Error('examples/ehealth is not built: run `pnpm build` first')
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...unset, ...env } })
  const printed = { text: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed.text += chunk.toString()
    })
  }
  return { child, printed, closed: once(child, 'close') }
}

const listening = /^listening (http:\/\/127\.0\.0\.1:\d+)$/m

/** Starts it on a free port, with 15 minutes for a nonce unless told otherwise. */
export async function startApp(env: NodeJS.ProcessEnv): Promise<App> {
  const { child, printed, closed } = launch({ PORT: '0', JWT_LOGIN_TTL: '15', ...env })
  while (!listening.test(printed.text)) {
    if (child.exitCode !== null) throw new Error(`the app ended with ${child.exitCode}: ${printed.text}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    url: listening.exec(printed.text)?.[1] ?? '',
    output: () => printed.text,
    async end() {
      child.kill('SIGTERM')
      await closed
      return child.exitCode ?? child.signalCode
    },
  }
}

/** Starts it where it must not start. */
export async function failToStart(env: NodeJS.ProcessEnv): Promise<Ended> {
  const { child, printed, closed } = launch({ PORT: '0', ...env })
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await closed
  clearTimeout(timer)
  return { code: child.exitCode, output: printed.text }
}
