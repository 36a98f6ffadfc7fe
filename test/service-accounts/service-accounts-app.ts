import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../examples/service-accounts/dist/app.js', import.meta.url))
const listening = /^listening (http:\/\/127\.0\.0\.1:\d+)$/m

/** The example in a process of its own. */
export interface App {
  readonly url: string
  /** SIGTERM; gives the exit code. */
  end(): Promise<number | null>
}

/** Starts it on a free port. */
export async function startApp(env: NodeJS.ProcessEnv): Promise<App> {
  if (!existsSync(program)) throw new Error('examples/service-accounts is not built: run `pnpm build` first')
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PORT: '0', PUBLIC_URL: '', SERVICE_ACCOUNT_PEM: '', SMART_JWKS_URL: '', ...env },
  })
  const closed = once(child, 'close')
  const printed = { text: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed.text += chunk.toString()
    })
  }
  while (!listening.test(printed.text)) {
    if (child.exitCode !== null) throw new Error(`the app ended with ${child.exitCode}: ${printed.text}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    url: listening.exec(printed.text)?.[1] ?? '',
    async end() {
      child.kill('SIGTERM')
      await closed
      return child.exitCode
    },
  }
}
