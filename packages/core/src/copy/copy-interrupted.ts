import type { CopiedPart } from './copy-cursor.js'

/** A store failed during a copy: what was copied stays, and a call with the cursor goes on. The `cause` says what failed. */
export class CopyInterrupted extends Error {
  override readonly name = 'CopyInterrupted'
  /** Parts that are not copied in this pass, the one that failed first. */
  readonly left: readonly CopiedPart[]
  /** For the next call. */
  readonly cursor: string

  /**
   * @param part - the part that failed
   * @param options - what is left, the cursor for the next call, and the cause
   */
  constructor(part: CopiedPart, options: { readonly left: readonly CopiedPart[]; readonly cursor: string; readonly cause: unknown }) {
    const { left, cursor, cause } = options
    super(`copyStores: the copy of ${part} was interrupted; left: ${left.join(', ')}. Go on with the cursor`, { cause })
    this.left = left
    this.cursor = cursor
  }
}
