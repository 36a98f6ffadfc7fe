import { endpointCases } from './endpoint-cases.js'
import { guardCases } from './guard-cases.js'
import type { MountAdapter, MountCase } from './mount-adapter.js'
import { requestCases } from './request-cases.js'
import { routeCases } from './route-cases.js'

export type { MountAdapter, MountApp, MountCase, MountRequest, MountRespond } from './mount-adapter.js'

/**
 * Everything that a mount package must pass, for every framework. The guard is scripted, so that only the mount is judged.
 *
 * @returns cases for any test runner: `it.each(mountContract(adapter))('$name', ({ run }) => run())`
 */
export function mountContract(adapter: MountAdapter): readonly MountCase[] {
  return [...guardCases(adapter), ...requestCases(adapter), ...endpointCases(adapter), ...routeCases(adapter)]
}
