import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CopyInterrupted, copyStores } from '@countersign/core/copy'
import { SingleBar } from 'cli-progress'
import type { Command } from 'commander'
import { type CommandContext, exitCode, UsageError } from '../command/context.js'
import { createPrinter } from '../command/printer.js'
import { type ChangeOptions, change, partOf, withConfig } from '../manage/change.js'
import { type Run, withChangeOptions } from '../manage/options.js'

interface Migrations {
  migrate(pool: unknown, options: { readonly schema: string }): Promise<{ readonly from: number; readonly to: number }>
  migrationSql(options: { readonly schema: string }): string
}

/** Runs the migrations of the package that the app has installed. */
async function migrate(context: CommandContext, options: ChangeOptions): Promise<number> {
  return change(context, options, (loaded) => {
    const { pool, schema } = partOf(loaded, loaded.config.postgres, 'postgres: { pool, schema }')
    const load = async (): Promise<Migrations> => (await context.importPackage('@countersign/postgres', loaded.path)) as Migrations
    return {
      what: `migrate the schema ${JSON.stringify(schema)}`,
      canDo: async () => ({ ok: true, sql: (await load()).migrationSql({ schema }) }),
      make: async () => ({ ok: true, ...(await (await load()).migrate(pool, { schema })) }),
    }
  })
}

type CopyOptions = ChangeOptions & { readonly cursor: string; readonly overwrite?: boolean }

/** Shows how far the copy came, where somebody looks: the number of records is not known before. */
function progressOf(context: CommandContext): { update(text: string): void; stop(): void } {
  if (context.errors.isTTY !== true) return { update: () => undefined, stop: () => undefined }
  const bar = new SingleBar({ format: 'copying {at}', clearOnComplete: true, hideCursor: true })
  bar.start(1, 0, { at: '' })
  return { update: (at) => bar.update(0, { at }), stop: () => bar.stop() }
}

/** Copies the stores of the config. The cursor is kept in a file, so that an interrupted copy goes on. */
async function copy(context: CommandContext, options: CopyOptions): Promise<number> {
  return withConfig(context, options, async (loaded) => {
    const { config } = loaded
    const from = partOf(loaded, config.stores ?? config.server?.stores, 'stores, or server')
    const to = partOf(loaded, config.copyTo, 'copyTo: the stores to copy to')
    const printer = createPrinter(context)
    const file = resolve(context.folder, options.cursor)
    const cursor = existsSync(file) ? readFileSync(file, 'utf8') : undefined
    if (options.dryRun === true) {
      printer.line(cursor === undefined ? 'would copy from the beginning' : `would go on with the cursor in ${file}`)
      return exitCode.ok
    }
    const progress = progressOf(context)
    try {
      const report = await copyStores({
        from,
        to,
        cursor,
        overwrite: options.overwrite === true,
        onProgress({ part, pass, count, cursor: reached }) {
          writeFileSync(file, reached, { mode: 0o600 })
          progress.update(`${part}, pass ${pass}: ${count.read} read, ${count.written} written`)
        },
      })
      progress.stop()
      const { settled, counts } = report
      if (options.json === true) printer.json({ ok: settled, settled, counts })
      else {
        const rows = Object.entries(counts).map(([part, count]) => [
          part,
          ...[count?.read, count?.written, count?.removed, count?.kept].map(String),
        ])
        printer.table(['part', 'verified', 'written', 'removed', 'kept'], rows)
        printer.line(
          settled ? 'settled: both stores have the same' : `not settled, because something was written meanwhile; the cursor is in ${file}`,
        )
      }
      if (!settled) writeFileSync(file, report.cursor, { mode: 0o600 })
      return settled ? exitCode.ok : exitCode.no
    } catch (error) {
      progress.stop()
      if (!(error instanceof CopyInterrupted)) throw error
      if (error.cursor === undefined) rmSync(file, { force: true })
      else writeFileSync(file, error.cursor, { mode: 0o600 })
      throw new UsageError(error.cursor === undefined ? error.message : `${error.message}; it is in ${file}: run the same command again`, {
        cause: error,
      })
    }
  })
}

/** Adds `migrate` and `copy`. */
export function addMove(program: Command, context: CommandContext, run: Run): void {
  withChangeOptions(program.command('migrate').description('Brings the schema of PostgreSQL to what the installed release needs.')).action(
    run((options: ChangeOptions) => migrate(context, options)),
  )
  withChangeOptions(program.command('copy').description('Copies clients, keys, accounts and the denylist from stores to copyTo.'))
    .option('--cursor <file>', 'where the place is kept', '.countersign-copy.json')
    .option('--overwrite', 'copies into stores that have content')
    .action(run((options: CopyOptions) => copy(context, options)))
}
