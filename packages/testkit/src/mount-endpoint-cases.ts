import type { MountAdapter, MountCase } from './mount-contract.js'

export function endpointCases(_adapter: MountAdapter): readonly MountCase[] {
  return []
}
