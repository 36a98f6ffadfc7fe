import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'rolldown'

/** A program that plain Node can run, made out of TypeScript. */
export interface ProcessBundle {
  readonly path: string
  remove(): Promise<void>
}

/** @param entry - path of a TypeScript file; packages are taken from their sources */
export async function bundleProcess(entry: string): Promise<ProcessBundle> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-process-'))
  const path = join(folder, 'process.mjs')
  await build({
    input: entry,
    platform: 'node',
    resolve: { conditionNames: ['@countersign/source', 'node'] },
    output: { file: path, format: 'esm', codeSplitting: false },
    logLevel: 'silent',
  })
  return { path, remove: () => rm(folder, { recursive: true, force: true }) }
}
