import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, type Plugin } from 'rolldown'

/** A program that plain Node can run, made out of TypeScript. */
export interface ProcessBundle {
  readonly path: string
  remove(): Promise<void>
}

/**
 * @param entry - path of a TypeScript file; packages are taken from their sources
 * @param plugins - know paths that are no files
 */
export async function bundleProcess(entry: string, plugins: readonly Plugin[] = []): Promise<ProcessBundle> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-process-'))
  const path = join(folder, 'process.mjs')
  await build({
    input: entry,
    plugins: [...plugins],
    platform: 'node',
    transform: { target: 'node20' },
    resolve: { conditionNames: ['@countersign/source', 'node'] },
    output: { file: path, format: 'esm', codeSplitting: false },
    logLevel: 'silent',
  })
  return { path, remove: () => rm(folder, { recursive: true, force: true }) }
}
