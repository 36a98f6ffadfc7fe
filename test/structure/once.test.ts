import { expect, test } from 'vitest'
import { read, sources, withoutComments } from './workspace.js'

/** What is written once, in which file of `packages`, and how it would look elsewhere. */
const once: readonly (readonly [name: string, files: readonly string[], pattern: RegExp])[] = [
  ['what a store rejects with becomes an outage', ['core/src/unavailable.ts'], /isUnavailable\((\w+)\) \? \1 : new Unavailable\(/],
  ['secrets are compared in constant time', ['core/src/same-secret.ts'], /\btimingSafeEqual\(/],
  [
    'parts are joined with their lengths',
    // Keys of these stores are of another encoding, which is stored.
    ['core/src/length-prefixed.ts', 'core/src/row-key.ts', 'redis/src/connection/store-keys.ts'],
    /\.length\}:/,
  ],
  ['an age is told by two clocks', ['core/src/elapsed.ts'], /Math\.max\(now\(\) - .*performance\.now\(\) - /],
  ['a copy is refreshed ahead of its end', ['core/src/refreshed-copy.ts'], /\* 0\.8\b|\* 800\b|refreshAfter/],
  ['who asks for running work joins it', ['core/src/single-flight.ts', 'redis/src/connection/server-memory.ts'], /\?\?= .*\.finally\(/],
  ['the Authorization field is read', ['core/src/header-fields.ts'], /\bheaders\.authorization\b/],
  ['a mount hands an error to its framework', ['core/src/mount.ts'], /new Error\([^)]*\bwas thrown'/],
]

/** Files of what is shipped. The testkit stands for others: its requests, its servers. */
const shipped = sources.filter((file) => !file.startsWith('packages/testkit/'))

test.each(once)('%s in one place', (_name, files, pattern) => {
  const found = shipped.filter((file) => pattern.test(withoutComments(read(file))))
  expect(found.map((file) => file.replace('packages/', ''))).toEqual(files)
})

test('the files of a mount are short: what mounts of every framework do is in core', () => {
  const mounts = sources.filter((file) => /^packages\/(express|koa)\//.test(file))
  expect(mounts.length).toBeGreaterThan(0)
  expect(mounts.filter((file) => read(file).split('\n').length > 61)).toEqual([])
})
