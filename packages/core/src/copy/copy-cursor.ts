import type { Stores } from '../stores.js'
import type { PagePlace } from './pages.js'

/** Parts of stores that are copied, in this order. */
export const copiedParts = ['revocations', 'clients', 'keys', 'accounts'] as const

/** A part of stores that is copied. */
export type CopiedPart = (typeof copiedParts)[number]

/** The stores that are copied: those of any adapter. */
export type CopiedStores = Pick<Stores, CopiedPart>

/** What was seen of a part, and done for it, in one pass. */
export interface CopyCount {
  /** Records of the source. */
  readonly read: number
  /** Records of the target that were added or changed. */
  readonly written: number
  /** Records of the target that were removed, because the source has them no more. */
  readonly removed: number
  /** Records that only the target has. */
  readonly kept: number
}

/** What tells the target of a copy from another one, and from the same one after a loss of its memory. */
export interface TargetMark {
  /** Of the document that the copy wrote into the target when it began. */
  readonly id: string
  /** Cursor of the target's denylist after the last entry that the copy added. */
  readonly revocations: string
}

/** Where a copy stands. */
export interface CopyPlace {
  readonly v: 2
  readonly overwrite: boolean
  /** The first is 1. */
  readonly pass: number
  readonly part: CopiedPart
  readonly mark: TargetMark
  /** Up to where the denylist of the source was read. */
  readonly revocations?: string | undefined
  /** How far the part was read. */
  readonly source?: PagePlace | undefined
  readonly target?: PagePlace | undefined
  readonly counts: Readonly<Partial<Record<CopiedPart, CopyCount>>>
}

export const noCount: CopyCount = { read: 0, written: 0, removed: 0, kept: 0 }

/** The text of a place, for the caller to keep. */
export const cursorOf = (place: CopyPlace): string => JSON.stringify(place)

/** @throws TypeError for what is not a cursor of a copy with the same `overwrite` */
export function placeOf(cursor: string, overwrite: boolean): CopyPlace {
  const fault = new TypeError('copyStores: cursor must be what copyStores reported')
  let place: Partial<CopyPlace> | null
  try {
    place = JSON.parse(cursor) as Partial<CopyPlace> | null
  } catch {
    throw fault
  }
  const isPlace =
    place?.v === 2 &&
    Number.isSafeInteger(place.pass) &&
    copiedParts.some((part) => part === place?.part) &&
    typeof place.counts === 'object' &&
    typeof place.mark?.id === 'string' &&
    typeof place.mark.revocations === 'string' &&
    typeof place.overwrite === 'boolean'
  if (!isPlace) throw fault
  if (place?.overwrite !== overwrite)
    throw new TypeError(`copyStores: overwrite must be as in the call that reported the cursor, ${place?.overwrite}; got ${overwrite}`)
  return place as CopyPlace
}
