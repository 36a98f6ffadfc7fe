import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from '../structure/workspace.js'
import type { Packed } from './packed.js'

/** What can be imported of a package: its name, and its name with each subpath. */
export function specifiersOf({ name, folder }: Packed): readonly string[] {
  const { exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  return Object.keys(exports).map((path) => name + path.slice(1))
}
