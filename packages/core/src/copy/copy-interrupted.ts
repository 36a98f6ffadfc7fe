import { type CopiedPart, copiedParts } from './copy-cursor.js'
import { MemoryLost } from './memory-lost.js'

/**
 * A store failed during a copy: what was copied stays, and a call with the cursor goes on. The `cause` says what failed.
 * If a store lost its memory, or the cursor is of another target, `cursor` is undefined: the copy must begin again, with an empty target.
 */
export class CopyInterrupted extends Error {
  override readonly name = 'CopyInterrupted'
  /** Parts that are not copied in this pass, the one that failed first. All of them if the copy must begin again. */
  readonly left: readonly CopiedPart[]
  /** For the next call. Undefined if the copy must begin again. */
  readonly cursor: string | undefined

  /**
   * @param part - the part that failed
   * @param options - the cursor for the next call, and the cause
   */
  constructor(part: CopiedPart, options: { readonly cursor: string; readonly cause: unknown }) {
    const { cursor, cause } = options
    const isLost = cause instanceof MemoryLost
    const left = isLost ? copiedParts : copiedParts.slice(copiedParts.indexOf(part))
    const message = isLost
      ? `${cause.message}. Begin again without a cursor, with an empty target`
      : `the copy of ${part} was interrupted; left: ${left.join(', ')}. Go on with the cursor`
    super(`copyStores: ${message}`, { cause })
    this.left = left
    this.cursor = isLost ? undefined : cursor
  }
}
