import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'
import { end, nextMessage } from './child-process.js'
import type { Place } from './documented-control.js'

/** An answer over HTTP. */
export interface HttpAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** A process that runs the program of the README. */
export interface DocumentedServer {
  call<T>(method: string, ...args: readonly unknown[]): Promise<T>
  send(
    method: string,
    path: string,
    options?: { readonly headers?: Record<string, string>; readonly form?: Record<string, string> },
  ): Promise<HttpAnswer>
}

/** Replaces exactly one place: a README that says something else is not what this tests. */
function replaced(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`the README does not say ${JSON.stringify(from)} once`)
  return text.replace(from, () => to)
}

/** The program of the README, word for word but for the store, the client that it registers and the port. */
async function program(): Promise<string> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const [, after = ''] = readme.split('## Fifteen minutes')
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(after) ?? []
  const lines = code.split('\n').filter((line) => !line.startsWith('console.log(await clients.register'))
  const onStores = replaced(lines.join('\n'), 'const stores = memoryStores()', 'const stores = openStores(memoryStores)')
  // Of docs/assertions.md: clients that sign.
  const withKeys = replaced(
    onStores,
    "pepper: secret('CLIENT_PEPPER') })",
    "pepper: secret('CLIENT_PEPPER'), clientKeys: keys.clientKeys })",
  )
  // Of docs/grants.md and docs/assertions.md: people, and JWTs that are exchanged.
  const withGrants = replaced(withKeys, 'const grants = [', 'const grants = [...furtherGrants(() => guard.verifier), ')
  const served = replaced(
    withGrants,
    'app.listen(3000)',
    "serve({ app, issuer, stores, keys, clients, revocations, guard, tokenEndpoint, refreshSecrets: secret('REFRESH_SECRET') })",
  )
  const control = fileURLToPath(new URL('./documented-control.ts', import.meta.url))
  return `import { furtherGrants, openStores, serve } from ${JSON.stringify(control)}\n${served}`
}

/** Starts processes, and ends them all. */
export function documentedServers() {
  const children: ChildProcess[] = []
  const state: { bundle: Promise<ProcessBundle> | undefined } = { bundle: undefined }
  const names = ['KEY_ENCRYPTION', 'CLIENT_PEPPER', 'REFRESH_SECRET']
  const ofServers = names.map((name) => [name, randomBytes(32).toString('base64')])
  const secrets = { ...Object.fromEntries(ofServers), NONCE_SECRET: randomBytes(64).toString('hex') }

  async function bundle(): Promise<ProcessBundle> {
    const entry = fileURLToPath(new URL('./documented-program.ts', import.meta.url))
    const code = await program()
    const isEntry = (id: string): boolean => id === entry
    const plugin = {
      name: 'readme',
      resolveId: (id: string) => (isEntry(id) ? id : null),
      load: (id: string) => (isEntry(id) ? code : null),
    }
    return bundleProcess(entry, [plugin])
  }

  return {
    async start(place?: Place): Promise<DocumentedServer> {
      state.bundle ??= bundle()
      const child = fork((await state.bundle).path, [JSON.stringify(place ?? null)], { execArgv: [], env: { ...process.env, ...secrets } })
      children.push(child)
      const origin = `http://127.0.0.1:${Number(await nextMessage(child))}`
      return {
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
      await (await state.bundle)?.remove()
      state.bundle = undefined
    },
  }
}
