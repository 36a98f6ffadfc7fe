import { type ChildProcess, fork } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import { earlierName, toEarlierNames, toPresentNames } from '../earlier-names.js'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'
import type { Release, ReleaseSetup } from './release.js'
import type { ReleaseAnswer, ReleaseCall } from './release-process.js'

/** A process of a release, and what can be asked of it. */
export interface RunningRelease {
  readonly release: Release
  close(): Promise<void>
}

/** A release that was kept, and what it does not know. */
export interface KeptRelease extends Pick<ReleaseSetup, 'unknown'> {
  readonly name: string
}

/** The present release under a name beside those. */
export const present: KeptRelease = { name: 'this release', unknown: [] }

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** A release as a file that Node can load. */
export async function releaseBundle({ name }: KeptRelease): Promise<ProcessBundle> {
  const bundle = await bundleProcess(pathOf('release.ts'))
  if (name === present.name) return bundle
  // In the place of the present one.
  await writeFile(bundle.path, await promisify(brotliDecompress)(await readFile(pathOf(`kept/${name}.mjs.br`))))
  return bundle
}

/** Calls of the names that are read from it, one after the other. */
function remote(call: (path: readonly string[], args: readonly unknown[]) => Promise<unknown>, path: readonly string[] = []): object {
  return new Proxy(() => undefined, {
    // whoever awaits it does not call it
    get: (_, name) => (typeof name === 'symbol' || name === 'then' ? undefined : remote(call, [...path, name])),
    apply: (_, __, args: readonly unknown[]) => call(path, args),
  })
}

async function opened(child: ChildProcess): Promise<Release> {
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const state = { number: 0 }
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)))
  })
  child.on('message', (answer: ReleaseAnswer) => {
    const waiting = pending.get(answer.number)
    pending.delete(answer.number)
    if ('error' in answer) waiting?.reject(new Error(answer.error))
    else waiting?.resolve(answer.value)
  })
  child.once('exit', (code) => {
    for (const { reject } of pending.values()) reject(new Error(`the process ended with ${code}`))
  })
  return remote(
    (path, args) =>
      new Promise((resolve, reject) => {
        state.number += 1
        pending.set(state.number, { resolve, reject })
        child.send({ number: state.number, path, args } satisfies ReleaseCall)
      }),
  ) as Release
}

/** A release from before the names changed: it is told its own names, and answers with those of today. */
function renamed(release: Release): Release {
  const called = (path: readonly string[]): unknown =>
    path.reduce<unknown>((one, name) => (one as Readonly<Record<string, unknown>>)[name], release)
  return remote(async (path, args) => {
    const call = called(path.map(earlierName)) as (...args: readonly unknown[]) => Promise<unknown>
    return toPresentNames(await call(...args.map(toEarlierNames)))
  }) as Release
}

/**
 * Starts a process of a release.
 *
 * @param program - `release-process.ts` as a bundle
 * @param bundle - the release
 */
export async function startRelease(program: ProcessBundle, bundle: ProcessBundle, setup: ReleaseSetup): Promise<RunningRelease> {
  const told = JSON.stringify({ module: pathToFileURL(bundle.path).href, setup })
  const child = fork(program.path, [told], { serialization: 'advanced', execArgv: [] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const release = await opened(child)
  return {
    release: setup.unknown.includes('presentNames') ? renamed(release) : release,
    async close() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
