import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'
import { end, nextMessage } from './child-process.js'
import type { Choice, GuardRequest, GuardSetup } from './guard-setup.js'

/** What a request came to. */
export interface Answer {
  readonly status: number
  /** What the handler said, or the reason of the refusal. */
  readonly text: string
  readonly retryAfter: string | null
  readonly ms: number
}

/** A process with guards. */
export interface GuardProcess {
  ask(choice: Choice, token: string): Promise<Answer>
  /** @returns the events since the last time */
  tell(request: GuardRequest): Promise<readonly string[]>
  /** SIGSTOP. */
  freeze(): void
  /** SIGCONT. */
  thaw(): void
  /** SIGKILL. */
  kill(): Promise<void>
}

/** Starts processes, and ends them all. */
export interface GuardProcesses {
  start(setup: GuardSetup): Promise<GuardProcess>
  endAll(): Promise<void>
  remove(): Promise<void>
}

async function ask(url: string, token: string): Promise<Answer> {
  const begun = performance.now()
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  const text = await response.text()
  return { status: response.status, text, retryAfter: response.headers.get('retry-after'), ms: performance.now() - begun }
}

export function guardProcesses(): GuardProcesses {
  const children: ChildProcess[] = []
  const state: { bundle: Promise<ProcessBundle> | undefined } = { bundle: undefined }
  const endAll = async (): Promise<void> => void (await Promise.all(children.splice(0).map(end)))
  return {
    async start(setup) {
      state.bundle ??= bundleProcess(fileURLToPath(new URL('./guard-process.ts', import.meta.url)))
      const child = fork((await state.bundle).path, [JSON.stringify(setup)], { execArgv: [] })
      children.push(child)
      const port = Number(await nextMessage(child))
      return {
        ask: (choice, token) => ask(`http://127.0.0.1:${port}/${choice}`, token),
        async tell(request) {
          const answer = nextMessage(child)
          child.send(request)
          return (await answer) as readonly string[]
        },
        freeze: () => void child.kill('SIGSTOP'),
        thaw: () => void child.kill('SIGCONT'),
        kill: () => end(child),
      }
    },
    endAll,
    async remove() {
      await endAll()
      await (await state.bundle)?.remove()
    },
  }
}

export const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

/** Asks until the answer is as wanted. */
export async function untilAnswer(
  question: () => Promise<Answer>,
  wanted: (answer: Answer) => boolean,
  withinSeconds: number,
): Promise<Answer> {
  const deadline = performance.now() + withinSeconds * 1000
  for (;;) {
    const answer = await question()
    if (wanted(answer)) return answer
    if (performance.now() > deadline) throw new Error(`after ${withinSeconds} s it is still ${answer.status} ${answer.text}`)
    await pause(0.01)
  }
}
