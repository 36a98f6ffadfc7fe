import { existsSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { type Manifest, root } from '../structure/workspace.js'
import { runProgram } from './program.js'

describe.each(inject('packed'))('the tarball of $name', ({ source, tarball, folder }) => {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

  test('holds dist, README and LICENSE', async () => {
    expect((await readdir(folder)).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json'])
  })

  test('holds compiled files only, each from a source file that is still there', async () => {
    const files = await readdir(join(folder, 'dist'), { recursive: true, withFileTypes: true })
    const paths = files
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'dist/').length))
    expect(paths.length).toBeGreaterThan(0)
    expect(paths.filter((path) => !/\.(js|d\.ts)$/.test(path))).toEqual([])
    expect(paths.filter((path) => !existsSync(join(root, source, 'src', path.replace(/\.(js|d\.ts)$/, '.ts'))))).toEqual([])
  })

  test('points to files that it holds, for tools that read exports and for those that do not', () => {
    const { main = '', types = '', typesVersions = {}, exports = {} } = manifest
    const older = [main, types, ...Object.values(typesVersions).flatMap(Object.values).flat()]
    const paths = [...older, ...Object.values(exports).flatMap(Object.values)]
    expect(older).toHaveLength(Object.keys(exports).length + 1)
    expect(paths.filter((path) => path === '' || !existsSync(join(folder, path)))).toEqual([])
  })

  test('points nowhere into the source', () => {
    expect(JSON.stringify(manifest)).not.toMatch(/@countersign\/source|src\//)
  })

  test('names versions that a registry understands', () => {
    expect(JSON.stringify(manifest)).not.toMatch(/workspace:|catalog:|file:|link:/)
  })

  test('passes publint', async () => {
    await expect(runProgram(folder, 'publint', tarball, '--strict')).resolves.toContain('All good!')
  })

  test('has types for every way to resolve it', async () => {
    const table = await runProgram(folder, 'attw', tarball, '--ignore-rules', 'cjs-resolves-to-esm')
    for (const way of ['node10', 'node16 (from CJS)', 'node16 (from ESM)', 'bundler']) expect(table).toContain(way)
  })
})
