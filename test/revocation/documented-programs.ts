import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Place } from './documented-control.js'

/** Which documented wiring runs: the assembly of the README, or that of docs/parts.md by hand. */
export type Wiring = 'server' | 'parts'

/** Replaces exactly one place: a page that says something else is not what this tests. */
function replaced(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`the page does not say ${JSON.stringify(from)} once`)
  return text.replace(from, () => to)
}

/** The first program of a page after a heading, without the client that it registers. */
async function programOf(page: string, heading: string): Promise<string> {
  const text = await readFile(new URL(`../../${page}`, import.meta.url), 'utf8')
  const [, after = ''] = text.split(heading)
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(after) ?? []
  return code
    .split('\n')
    .filter((line) => !/^console\.log\(await (server\.)?clients\.register/.test(line))
    .join('\n')
}

const control = (names: string): string =>
  `import { ${names} } from ${JSON.stringify(fileURLToPath(new URL('./documented-control.ts', import.meta.url)))}\n`

async function partsProgram(): Promise<string> {
  const code = await programOf('docs/parts.md', '# The parts, wired by hand')
  const onStores = replaced(code, 'const stores = memoryStores()', 'const stores = openStores(memoryStores)')
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
  return control('furtherGrants, openStores, serve') + served
}

/** The line of the README for a store, with the names of this test; and what the line takes from elsewhere. */
async function storesOf(place: Place | undefined): Promise<{ readonly line: string; readonly before: string }> {
  if (place === undefined) return { line: 'memoryStores()', before: '' }
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const lineOf = (factory: string): string => {
    const found = new RegExp(`^\\|[^|]*\\|[^|]*\\| \`(${factory}\\(.*?)\``, 'm').exec(readme)?.[1]
    if (found === undefined) throw new Error(`the README has no line with ${factory}`)
    return found
  }
  if ('sqlite' in place)
    return {
      line: replaced(lineOf('sqliteStores'), "'auth.db'", JSON.stringify(place.sqlite)),
      // It has a binary, and cannot be part of a bundle.
      before: `import { sqliteStores } from '@countersign/sqlite'\nconst { default: Database } = await import(${JSON.stringify(createRequire(import.meta.url).resolve('libsql'))})\n`,
    }
  if ('redis' in place)
    return {
      line: replaced(lineOf('redisStores'), "'auth'", JSON.stringify(place.prefix)),
      before: `import { redisStores } from '@countersign/redis'\nimport { Redis } from 'ioredis'\nconst url = ${JSON.stringify(place.redis)}\n`,
    }
  return {
    line: replaced(lineOf('postgresStores'), "'auth'", JSON.stringify(place.schema)),
    before: `import { postgresStores } from '@countersign/postgres'\nimport { Pool } from 'pg'\nconst pool = new Pool({ connectionString: ${JSON.stringify(place.postgres)} })\npool.on('error', () => undefined)\n`,
  }
}

async function serverProgram(place: Place | undefined): Promise<string> {
  const code = await programOf('README.md', '## Ten minutes')
  const { line, before } = await storesOf(place)
  const onStores = replaced(code, 'stores: memoryStores()', `stores: ${line}`)
  const withGrants = replaced(onStores, 'grants: [', 'grants: [...furtherGrants(() => server.guard.verifier), ')
  const served = replaced(withGrants, 'app.listen(3000)', "serve({ app, issuer: 'https://api.example', ...server })")
  return before + control('furtherGrants, serve') + served
}

/** The program of a page, word for word but for the store, the client that it registers, and the port. */
export function documentedProgram(wiring: Wiring, place: Place | undefined): Promise<string> {
  return wiring === 'parts' ? partsProgram() : serverProgram(place)
}
