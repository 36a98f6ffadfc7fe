import type { Plugin } from 'vitest/config'
import { programAt } from './programs.js'

/** Gives the programs of the documentation to whoever imports their id. */
export const documentPrograms: Plugin = {
  name: 'programs of the documentation',
  enforce: 'pre',
  resolveId: (id) => (programAt(id) === undefined ? undefined : id),
  load: (id) => programAt(id)?.source,
}
