import { statSync } from 'node:fs'

/**
 * Names the file at a path: another one after it was replaced, copied or restored from a backup. The number of a device is left out, because it
 * may change when a machine starts. It is looked up and never opened: closing a second handle would drop the locks of SQLite in this process.
 *
 * @returns undefined if the file does not exist
 */
export function fileIdentity(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat && `${stat.ino}-${stat.birthtimeNs}`
}
