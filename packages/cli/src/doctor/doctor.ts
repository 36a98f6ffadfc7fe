import type { Readiness } from '@countersign/core'
import { type CommandContext, exitCode } from '../command/context.js'
import { createPrinter } from '../command/printer.js'
import { closeConfig, guardIn, type LoadedConfig, loadConfig } from '../config/load-config.js'
import { checkIssuers } from './check-issuers.js'
import { checkPostgres, newestVersion } from './check-postgres.js'
import { checkRedis } from './check-redis.js'
import { checkSecrets } from './check-secrets.js'
import { causesOf, type Finding, type Findings, inTime } from './finding.js'

/** Options of `countersign doctor`. */
export interface DoctorOptions {
  readonly config?: string
  readonly json?: boolean
}

const maxWaitMs = 15_000

function createFindings(): Findings & { readonly list: readonly Finding[] } {
  const list: Finding[] = []
  const adding = (level: Finding['level']) => (part: string, message: string) => void list.push({ part, level, message })
  return { list, ok: adding('ok'), warn: adding('warning'), problem: adding('problem') }
}

/** The version of the schema that the package of the app has. */
async function newestSchema(context: CommandContext, { path, config }: LoadedConfig): Promise<number | undefined> {
  const schema = config.postgres?.schema ?? ''
  const postgres = (await context.importPackage('@countersign/postgres', path).catch(() => undefined)) as
    | { migrationSql?(options: { schema: string }): string }
    | undefined
  return typeof postgres?.migrationSql === 'function' ? newestVersion(postgres.migrationSql({ schema })) : undefined
}

/** Asks the parts themselves. Parts of issuers were looked at before. */
async function checkReadiness({ config }: LoadedConfig, issuers: readonly string[], findings: Findings): Promise<void> {
  const asked: readonly (readonly [string, (() => Promise<Readiness>) | undefined])[] = [
    ['server', config.server?.ready?.bind(config.server)],
    ['guard', guardIn(config)?.ready?.bind(guardIn(config))],
    ['stores', config.stores?.ready?.bind(config.stores)],
  ]
  const seen = new Set<string>()
  for (const [name, ready] of asked) {
    if (ready === undefined) continue
    const readiness = await inTime(ready(), maxWaitMs).catch((cause: unknown) => ({ parts: { [name]: { ok: false as const, cause } } }))
    for (const [part, state] of Object.entries(readiness.parts)) {
      if (issuers.includes(part) || seen.has(part)) continue
      seen.add(part)
      if (state.ok) findings.ok(part, 'ready')
      else findings.problem(part, `not ready: ${causesOf(state.cause)}`)
    }
  }
}

async function check(context: CommandContext, loaded: LoadedConfig, findings: Findings): Promise<void> {
  const { config } = loaded
  const issuers = guardIn(config)?.verifier.describe() ?? []
  await checkIssuers(issuers, context.now, findings)
  if (config.redis) await checkRedis(config.redis, findings)
  if (config.postgres) await checkPostgres(config.postgres, await newestSchema(context, loaded), findings)
  checkSecrets(config.secrets ?? {}, findings)
  await checkReadiness(
    loaded,
    issuers.map(({ via }) => via),
    findings,
  )
}

async function examine(context: CommandContext, given: string | undefined, findings: Findings): Promise<void> {
  let loaded: LoadedConfig
  try {
    loaded = await loadConfig(context, given)
  } catch (error) {
    return findings.problem('config', causesOf(error))
  }
  findings.ok('config', loaded.path)
  try {
    await check(context, loaded, findings)
  } finally {
    await closeConfig(loaded).catch((error: unknown) => findings.warn('config', `it cannot be closed: ${causesOf(error)}`))
  }
}

const marks = { ok: 'ok', warning: '!', problem: 'NO' }

/** Looks at everything that the config has, and says what is wrong. */
export async function doctor(context: CommandContext, { config, json = false }: DoctorOptions): Promise<number> {
  const findings = createFindings()
  // Deprecated options, and what stores have to say, are warnings of the process.
  const stop = context.onWarning((warning) =>
    findings.warn(warning.name === 'DeprecationWarning' ? 'deprecated' : 'warning', warning.message),
  )
  await examine(context, config, findings)
  stop()
  const { list } = findings
  const problems = list.filter(({ level }) => level === 'problem').length
  const printer = createPrinter(context)
  if (json) printer.json({ ok: problems === 0, findings: list })
  else {
    printer.table(
      ['', 'part', 'finding'],
      list.map(({ level, part, message }) => [marks[level], part, message]),
    )
    printer.line()
    printer.line(
      problems === 0
        ? printer.paint.green('No problem was found.')
        : printer.paint.red(`${problems} ${problems === 1 ? 'problem' : 'problems'}.`),
    )
  }
  return problems === 0 ? exitCode.ok : exitCode.no
}
