import type { MountAdapter, MountCase } from './mount-contract.js'

export function guardCases(_adapter: MountAdapter): readonly MountCase[] {
  return []
}
