import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** An example that runs in a process of its own. */
export interface ExampleApp {
  readonly url: string
  /** Reasons of the refusals that it logged since they were taken last. */
  takeRefusals(): readonly string[]
  close(): Promise<void>
}

const secondsToEnd = 5

/** What the app needs of our environment. The rest is not for it: a store that is meant for something else, for instance. */
function basicEnvironment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot } = process.env
  return { PATH, SystemRoot, PORT: '0' }
}

/** The reason in a line of the app's log, if it is one of a refusal. */
function refusalIn(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined
  const { refused } = JSON.parse(line) as { readonly refused?: string }
  return refused
}

/** Starts an example and waits until it listens. It ends with this process, however that ends, unless nobody can notice. */
export async function startExample(name: 'neris' | 'nuance', env: Readonly<Record<string, string>>): Promise<ExampleApp> {
  const file = fileURLToPath(new URL(`../../${name}/dist/app.js`, import.meta.url))
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...basicEnvironment(), ...env } })
  const kill = (): void => void child.kill('SIGKILL')
  process.on('exit', kill)
  const ended = once(child, 'exit')
  const refusals: string[] = []
  const listening = new Promise<string>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('listening ')) resolve(line.slice('listening '.length))
      const refusal = refusalIn(line)
      if (refusal !== undefined) refusals.push(refusal)
    })
  })
  const endedEarly = ended.then(() => Promise.reject(new Error(`examples/${name} ended before it listened`)))
  const url = await Promise.race([listening, endedEarly])
  return {
    url,
    takeRefusals: () => refusals.splice(0),
    async close() {
      child.kill('SIGTERM')
      const patience = new AbortController()
      await Promise.race([ended, wait(secondsToEnd * 1000, undefined, { signal: patience.signal }).then(kill)])
      patience.abort()
      await ended
      process.off('exit', kill)
    },
  }
}
