import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importedFiles } from './exports.js'
import { host, readWalks, wiring } from './walks.js'
import { packages, read, root } from './workspace.js'

/** The part of a name after the scope. The assembly has none. */
const shortName = (name: string): string => name.replace('@countersign/', '')
const isOurs = (name: string): boolean => packages.some(({ manifest }) => manifest.name === name)

function drawn(): readonly string[] {
  const [, drawing = ''] = /```mermaid\n([\s\S]*?)```/.exec(read('docs/architecture.md')) ?? []
  return [...drawing.matchAll(/^ *([a-z-]+(?: & [a-z-]+)*) --> ([a-z-]+(?: & [a-z-]+)*)$/gm)].flatMap(([, from = '', to = '']) =>
    from.split(' & ').flatMap((importer) => to.split(' & ').map((imported) => `${importer} --> ${imported}`)),
  )
}

test('the drawing shows which package imports which, and nothing else', () => {
  const declared = packages.flatMap(({ manifest: { name, dependencies, peerDependencies } }) =>
    Object.keys({ ...dependencies, ...peerDependencies })
      .filter(isOurs)
      .map((imported) => `${shortName(name)} --> ${shortName(imported)}`),
  )
  expect([...drawn()].sort()).toEqual(declared.sort())
})

test('the tables of packages name each package', () => {
  for (const page of ['README.md', 'docs/architecture.md']) {
    const text = read(page)
    expect(packages.filter(({ folder }) => !text.includes(`${folder}/README.md)`)).map(({ folder }) => `${page}: ${folder}`)).toEqual([])
  }
})

/** Most files of each walk. The numbers only ever go down. */
const most: Readonly<Record<string, number>> = {
  'A request with a Bearer token': 15,
  'A refresh token is used': 18,
  'A token is revoked until another process refuses it': 14,
}

const walks = readWalks()

test('the page has the walks that are counted', () => {
  expect(walks.map(({ name }) => name)).toEqual(Object.keys(most))
})

describe.each(walks)('the walk "$name"', ({ name, files }) => {
  test('goes through files that exist, each once', () => {
    expect(files.length).toBeGreaterThan(5)
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
    expect(files.filter((file, at) => files.indexOf(file) !== at)).toEqual([])
  })

  test('opens no file that an earlier one does not import', () => {
    const open = new Set([host, ...wiring].flatMap(importedFiles))
    const unreachable = files.filter((file) => {
      const isFound = open.has(file)
      for (const imported of importedFiles(file)) open.add(imported)
      return !isFound
    })
    expect(unreachable).toEqual([])
  })

  test('does not grow', () => {
    expect(files.length).toBeLessThanOrEqual(most[name] ?? 0)
  })
})
