import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { packages, sources } from './workspace.js'

/** Packages that are small enough to be one room. */
const oneRoom: readonly string[] = ['packages/cognito/src', 'packages/core/src', 'packages/jwt/src', 'packages/nonce/src']

test('a folder of sources holds at most 12 files', () => {
  const folders = packages.map(({ folder }) => `${folder}/src`)
  const counts = new Map<string, number>()
  for (const file of sources) {
    const folder = posix.dirname(file)
    if (folders.some((source) => folder.startsWith(source))) counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  const full = [...counts].filter(([folder, count]) => count > 12 && !oneRoom.includes(folder))
  expect(full).toEqual([])
})
