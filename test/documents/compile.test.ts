import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { root } from '../structure/workspace.js'
import { pages } from './pages.js'
import { programsOf } from './programs.js'

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

it('every program of the documents compiles, and every fragment in its context', async () => {
  // Not in the sources, and yet where the packages are found.
  const folder = await mkdtemp(join(root, 'test/node_modules/.documents-'))
  try {
    const blocks = join(folder, 'blocks')
    await mkdir(blocks)
    const programs = pages.flatMap(programsOf).map(({ id, source }) => ({ path: join(blocks, basename(id)), source }))
    for (const { path, source } of programs) await writeFile(path, source)
    const rootDirs = [folder, join(root, 'test/documents')]
    // A program may be shown that leaves something out: what is not used is no fault here.
    const compilerOptions = {
      rootDirs,
      rootDir: root,
      noUnusedLocals: false,
      noUnusedParameters: false,
      lib: ['es2023', 'esnext.disposable'],
    }
    const files = programs.map(({ path }) => path)
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'test/tsconfig.json'), compilerOptions, files, include: [] }),
    )
    const failure = await promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false']).then(
      () => undefined,
      (error: { stdout: string }) => error.stdout,
    )
    expect(failure).toBeUndefined()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
