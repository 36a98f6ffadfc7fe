import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeSeed } from './neris-app.js'

const program = fileURLToPath(new URL('../../examples/neris/dist/app.js', import.meta.url))

/** The example in a process of its own. */
export interface App {
  readonly url: string
  /** What it has printed so far. */
  output(): string
  /** The code that was last printed for somebody. */
  codeFor(username: string): Promise<string>
  /** SIGTERM; gives the exit code, or the signal that ended it. */
  end(): Promise<number | NodeJS.Signals | null>
}

interface Spawned {
  readonly child: ChildProcess
  readonly printed: { text: string }
  readonly closed: Promise<unknown>
}

/** Variables of the machine that runs the tests must not decide. */
const names = ['PORT', 'ISSUER', 'SMTP_URL', 'REDIS_URL', 'DATABASE_URL', 'SEED_FILE', 'APP_SECRET', 'STORE_PREFIX', 'TRUSTED_PROXIES']
const ofPool = ['COGNITO_ENDPOINT', 'COGNITO_USER_POOL_ID', 'COGNITO_POOL_ID', 'COGNITO_CLIENT_ID', 'COGNITO_CLIENT_SECRET']
const unset = Object.fromEntries([...names, ...ofPool].map((name) => [name, undefined]))

function launch(env: NodeJS.ProcessEnv): Spawned {
  if (!existsSync(program)) throw new Error('examples/neris is not built: run `pnpm build` first')
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...unset, PORT: '0', ...env },
  })
  const printed = { text: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed.text += chunk.toString()
    })
  }
  return { child, printed, closed: once(child, 'close') }
}

const listening = /^listening (http:\/\/127\.0\.0\.1:\d+)$/m
const pause = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 20))

/** Starts it on a free port. */
export async function startApp(env: NodeJS.ProcessEnv = {}): Promise<App> {
  const { child, printed, closed } = launch(env)
  while (!listening.test(printed.text)) {
    if (child.exitCode !== null) throw new Error(`the app ended with ${child.exitCode}: ${printed.text}`)
    await pause()
  }
  const codes = (username: string): readonly string[] =>
    printed.text
      .split('\n')
      .filter((line) => line.startsWith(`code for ${username}: `))
      .map((line) => line.slice(-6))
  const used = { count: 0 }
  return {
    url: listening.exec(printed.text)?.[1] ?? '',
    output: () => printed.text,
    async codeFor(username) {
      while (codes(username).length <= used.count) await pause()
      used.count = codes(username).length
      return codes(username).at(-1) ?? ''
    },
    async end() {
      child.kill('SIGTERM')
      await closed
      return child.exitCode ?? child.signalCode
    },
  }
}

/** Starts it where it must not start. */
export async function failToStart(
  env: NodeJS.ProcessEnv,
  seed?: unknown,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const file = seed === undefined ? undefined : await writeSeed(seed)
  const { child, printed, closed } = launch({ ...(file && { SEED_FILE: file.path }), ...env })
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await closed
  clearTimeout(timer)
  await file?.remove()
  return { code: child.exitCode, output: printed.text }
}
