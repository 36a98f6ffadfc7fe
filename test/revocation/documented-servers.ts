import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'
import { end, nextMessage } from './child-process.js'
import type { Place } from './documented-control.js'
import { documentedProgram, type Wiring } from './documented-programs.js'

/** An answer over HTTP. */
export interface HttpAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** A process that runs a documented program. */
export interface DocumentedServer {
  /** SIGKILL. */
  end(): Promise<void>
  call<T>(method: string, ...args: readonly unknown[]): Promise<T>
  send(
    method: string,
    path: string,
    options?: { readonly headers?: Record<string, string>; readonly form?: Record<string, string> },
  ): Promise<HttpAnswer>
}

/** Starts processes, and ends them all. */
export function documentedServers(wiring: Wiring = 'parts') {
  const children: ChildProcess[] = []
  const bundles = new Map<string, Promise<ProcessBundle>>()
  const names = ['KEY_ENCRYPTION', 'CLIENT_PEPPER', 'REFRESH_SECRET', 'MASTER_SECRET']
  const ofServers = names.map((name) => [name, randomBytes(32).toString('base64')])
  const secrets = { ...Object.fromEntries(ofServers), NONCE_SECRET: randomBytes(64).toString('hex') }

  async function bundle(code: string): Promise<ProcessBundle> {
    const entry = fileURLToPath(new URL('./documented-program.ts', import.meta.url))
    const isEntry = (id: string): boolean => id === entry
    const plugin = {
      name: 'documented',
      resolveId: (id: string) => (isEntry(id) ? id : null),
      load: (id: string) => (isEntry(id) ? code : null),
    }
    return bundleProcess(entry, [plugin])
  }

  async function programFor(place: Place | undefined): Promise<string> {
    const code = await documentedProgram(wiring, place)
    const bundled = bundles.get(code) ?? bundle(code)
    bundles.set(code, bundled)
    return (await bundled).path
  }

  return {
    async start(place?: Place): Promise<DocumentedServer> {
      const child = fork(await programFor(place), [JSON.stringify(place ?? null)], { execArgv: [], env: { ...process.env, ...secrets } })
      children.push(child)
      const origin = `http://127.0.0.1:${Number(await nextMessage(child))}`
      return {
        end: () => end(child),
        async call(method, ...args) {
          const answer = nextMessage(child)
          child.send({ method, args })
          return (await answer) as never
        },
        async send(method, path, { headers = {}, form } = {}) {
          const body = form && new URLSearchParams(form)
          const response = await fetch(`${origin}${path}`, { method, headers, ...(body && { body }) })
          const text = await response.text()
          return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as HttpAnswer['body']) : {} }
        },
      }
    },
    async endAll(): Promise<void> {
      await Promise.all(children.splice(0).map(end))
      for (const bundled of bundles.values()) await (await bundled).remove()
      bundles.clear()
    },
  }
}
