import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { end, nextMessage } from '../revocation/child-process.js'
import { bundleProcess } from '../stores/process-bundle.js'
import type { WorkerSetup } from './setup.js'

/** Servers that are killed and started again. */
export interface Workers {
  /** The URL of a server that runs, chosen by turns; undefined while none does. */
  next(): string | undefined
  /** SIGKILL, for one after the other; another one takes its place. */
  killOne(): Promise<void>
  close(): Promise<void>
}

interface Worker {
  readonly child: ChildProcess
  readonly url: string
}

/** @param count - how many run at the same time */
export async function startWorkers(setup: WorkerSetup, count: number): Promise<Workers> {
  const bundle = await bundleProcess(fileURLToPath(new URL('./worker.ts', import.meta.url)))
  const start = async (): Promise<Worker> => {
    const child = fork(bundle.path, [JSON.stringify(setup)], { execArgv: [] })
    return { child, url: `http://127.0.0.1:${String(await nextMessage(child))}/token` }
  }
  const running: Worker[] = await Promise.all(Array.from({ length: count }, start))
  const turns = { next: 0 }
  return {
    next() {
      turns.next += 1
      return running[turns.next % Math.max(1, running.length)]?.url
    },
    async killOne() {
      const worker = running.shift()
      if (worker) await end(worker.child)
      running.push(await start())
    },
    async close() {
      await Promise.all(running.map(({ child }) => end(child)))
      await bundle.remove()
    },
  }
}
