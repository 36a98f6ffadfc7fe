import { checkOptions } from '../options/check-options.js'
import { kind } from '../options/kinds.js'
import type { OptionShape } from '../options/option-kind.js'
import {
  type CopiedPart,
  type CopiedStores,
  type CopyCount,
  type CopyPlace,
  copiedParts,
  cursorOf,
  noCount,
  placeOf,
} from './copy-cursor.js'
import { copyDocuments } from './copy-documents.js'
import { CopyInterrupted } from './copy-interrupted.js'
import { copyRevocations } from './copy-revocations.js'
import { requireEmpty } from './require-empty.js'
import { markTarget, requireMarked } from './target-mark.js'

/** How far a copy came. */
export interface CopyProgress {
  readonly part: CopiedPart
  /** 1 copies; each further one brings what changed meanwhile. */
  readonly pass: number
  /** Of this part in this pass. */
  readonly count: CopyCount
  /** Keep it: `copyStores` goes on from here, in any process. */
  readonly cursor: string
}

/** What a copy came to. */
export interface CopyReport {
  /** True if the last pass read all of both stores and found nothing to change. False if writers were at work all the time. */
  readonly settled: boolean
  /** What the last pass saw and did. */
  readonly counts: Readonly<Partial<Record<CopiedPart, CopyCount>>>
  /** `copyStores` with it brings what changed since. */
  readonly cursor: string
}

/** Options of {@link copyStores}. */
export interface CopyStoresOptions {
  /** Where clients, keys, accounts and the denylist are read. */
  readonly from: CopiedStores
  /** Where they are written. */
  readonly to: CopiedStores
  /** Of an earlier call with the same stores and the same `overwrite`: the copy goes on from there. @defaultValue it begins */
  readonly cursor?: string | undefined
  /**
   * True copies into stores that have content. What both have becomes as it is in the source; what only the target has stays. Tokens from before the
   * memory of the target are refused, because it may have lost revocations of its own.
   * @defaultValue false: a target with content is refused; what only the target has was removed from the source meanwhile, and is removed
   */
  readonly overwrite?: boolean | undefined
  /** Called after each 500 records or so. What it throws ends the copy. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined
}

const methods: Readonly<Record<CopiedPart, readonly string[]>> = {
  revocations: ['since', 'revokeAll', 'page', 'cursor'],
  clients: ['scan', 'get', 'put', 'remove'],
  keys: ['scan', 'get', 'put', 'remove'],
  accounts: ['scan', 'get', 'put', 'remove'],
}

function isCopied(value: unknown): boolean {
  const given = value as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>> | undefined
  return copiedParts.every((part) => methods[part].every((method) => typeof given?.[part]?.[method] === 'function'))
}

const stores = kind.required(kind.satisfying('stores with revocations, clients, keys and accounts, for instance memoryStores()', isCopied))

const shape: OptionShape<CopyStoresOptions> = {
  from: stores,
  to: stores,
  cursor: kind.string,
  overwrite: kind.flag,
  onProgress: kind.func,
}

/** Writers may be at work all the time: then no pass is the last one. */
const passesAtMost = 5

async function beginIn(to: CopiedStores, overwrite: boolean): Promise<CopyPlace> {
  if (!overwrite) await requireEmpty(to)
  return { v: 2, overwrite, pass: 1, part: 'revocations', mark: await markTarget(to), counts: {} }
}

type Report = (count: CopyCount, next: Partial<CopyPlace>) => void

/** One pass through one part. */
async function copyPart({ from, to }: CopyStoresOptions, place: CopyPlace, report: Report): Promise<void> {
  const { part, overwrite } = place
  const count = place.counts[part] ?? noCount
  if (part === 'revocations') {
    await copyRevocations({
      from: from.revocations,
      to,
      overwrite,
      begin: { count, revocations: place.revocations, mark: place.mark },
      report: ({ count: now, ...read }) => report(now, read),
    })
    return
  }
  await copyDocuments({
    from: from[part],
    to: to[part],
    overwrite,
    begin: { count, source: place.source ?? {}, target: place.target ?? {} },
    report: ({ count: now, ...read }) => report(now, read),
  })
}

const isSettled = ({ counts }: CopyPlace): boolean => Object.values(counts).every(({ written, removed }) => written + removed === 0)

/** The next part of a pass, or the first of the next pass. */
function placeAfter(place: CopyPlace): CopyPlace {
  const part = copiedParts[copiedParts.indexOf(place.part) + 1]
  const unread = { ...place, source: undefined, target: undefined }
  return part === undefined ? { ...unread, part: 'revocations', pass: place.pass + 1, counts: {} } : { ...unread, part }
}

/**
 * Copies clients, keys, accounts and the denylist from the stores of one adapter to those of another. The denylist goes first, so that nothing which it
 * refuses is accepted in between. Then the documents, and then all of it again for what changed meanwhile, until a pass finds nothing to change,
 * at most five times. Nobody else may write into the target until the copy has ended.
 *
 * Refresh families, claims, nonces, challenges, attempts and the audit are not copied.
 *
 * @returns what the last pass saw, and a cursor with which a later call brings what changed since
 * @throws TypeError for an option that is wrong, or a target with content. Rejects with {@link CopyInterrupted} where a store fails, or lost
 * its memory, or where the cursor is of another target
 * @example
 * import { copyStores } from '@countersign/core/copy'
 * import { memoryStores } from '@countersign/core/memory'
 *
 * const [from, to] = [memoryStores(), memoryStores()]
 * await from.clients.put({ collection: 'clients', id: 'a', value: '{}', revision: 0 })
 * const { settled, counts } = await copyStores({ from, to })
 * console.log(settled, counts.clients?.read) // → true 1
 */
export async function copyStores(options: CopyStoresOptions): Promise<CopyReport> {
  checkOptions('copyStores', options, shape)
  const { to, overwrite = false, cursor, onProgress } = options
  const state = { place: cursor === undefined ? await beginIn(to, overwrite) : placeOf(cursor, overwrite) }
  const lastPass = state.place.pass + passesAtMost - 1

  for (;;) {
    const { part, pass } = state.place
    try {
      await requireMarked(to, state.place.mark)
      await copyPart(options, state.place, (count, next) => {
        state.place = { ...state.place, ...next, counts: { ...state.place.counts, [part]: count } }
        onProgress?.({ part, pass, count, cursor: cursorOf(state.place) })
      })
      // What was read of a store that is lost now proves nothing.
      await requireMarked(to, state.place.mark)
    } catch (cause) {
      throw new CopyInterrupted(part, { cursor: cursorOf(state.place), cause })
    }
    const ended = state.place
    state.place = placeAfter(ended)
    if (state.place.pass === pass) continue
    const settled = isSettled(ended)
    if (settled || pass >= lastPass) return { settled, counts: ended.counts, cursor: cursorOf(state.place) }
  }
}
