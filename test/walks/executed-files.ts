import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'
import { root } from '../structure/workspace.js'

function pathOf(url: string): string {
  const file = url.startsWith('file:') ? fileURLToPath(url) : url
  return file.startsWith(root) ? file.slice(root.length) : ''
}

/**
 * The source files of packages in which a function runs while `work` runs, in the order of the alphabet. What only runs when
 * something is created before is not among them.
 */
export async function executedFiles(work: () => Promise<void>): Promise<readonly string[]> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  await session.post('Profiler.takePreciseCoverage') // counts begin anew
  await work()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  await session.post('Profiler.stopPreciseCoverage')
  session.disconnect()
  const ran = result.filter(({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0)))
  // An index only passes on what its neighbours export.
  const isSource = (path: string): boolean => /^packages\/[^/]+\/src\//.test(path) && !path.endsWith('/index.ts')
  return [...new Set(ran.map(({ url }) => pathOf(url)))].filter(isSource).sort()
}
