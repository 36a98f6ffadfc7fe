import type { DocumentStore, ScannedDocument } from '../document-store.js'
import { mapConcurrently } from '../map-concurrently.js'
import { retainedAddress } from '../retaining.js'
import { type CopyCount, noCount } from './copy-cursor.js'
import { addressOf, compareAddresses, createPages, type PagePlace } from './pages.js'

/** What is told of a part while it is copied. */
interface PartProgress {
  readonly count: CopyCount
  readonly source: PagePlace
  readonly target: PagePlace
}

/** From where to where, and how. */
export interface DocumentCopy {
  readonly from: DocumentStore
  readonly to: DocumentStore
  /** What only the target has stays. */
  readonly overwrite: boolean
  readonly begin: PartProgress
  readonly report: (progress: PartProgress) => void
}

const pageLimit = 500
const writesAtOnce = 32

type Scanned = ScannedDocument | undefined

/** One document of the source, of the target, or the same of both. */
type Pair =
  | { readonly source: ScannedDocument; readonly target: Scanned }
  | { readonly source: undefined; readonly target: ScannedDocument }

const isSame = (a: ScannedDocument, b: ScannedDocument): boolean => a.value === b.value && a.group === b.group
const isOwn = ({ collection }: ScannedDocument): boolean => collection === retainedAddress.collection

/** Makes a document of the target what it is in the source. The target may have it although its scan did not show it yet. */
async function write(to: DocumentStore, { collection, id, value, group }: ScannedDocument, target: Scanned): Promise<boolean> {
  for (let revision = target?.revision ?? 0, tries = 0; tries < 3; tries += 1) {
    if (await to.put({ collection, id, value, group, revision })) return true
    const known = await to.get({ collection, id })
    if (known?.value === value) return false
    revision = known?.revision ?? 0
  }
  throw new Error(`the document ${JSON.stringify(id)} of the collection ${JSON.stringify(collection)} is changed in the target meanwhile`)
}

/** Makes the documents of the target what they are in the source: both are read in order, side by side. */
export async function copyDocuments({ from, to, overwrite, begin, report }: DocumentCopy): Promise<CopyCount> {
  const source = createPages((after) => from.scan({ after, limit: pageLimit }), begin.source)
  const target = createPages((after) => to.scan({ after, limit: pageLimit }), begin.target)
  const count = { ...noCount, ...begin.count }

  async function nextPair(): Promise<Pair | undefined> {
    const [mine, its] = [await source.peek(), await target.peek()]
    if (mine === undefined && its === undefined) return undefined
    const order = mine === undefined ? 1 : its === undefined ? -1 : compareAddresses(addressOf(mine), addressOf(its))
    if (order <= 0) source.next()
    if (order >= 0) target.next()
    if (order > 0) return { source: undefined, target: its as ScannedDocument }
    return { source: mine as ScannedDocument, target: order === 0 ? its : undefined }
  }

  /** Its page may have been read before another one of the source: only the source itself says that it has it no more. */
  async function settleExtra(extra: ScannedDocument): Promise<void> {
    if (overwrite) count.kept += 1
    else if ((await from.get(extra)) === undefined && (await to.remove(extra))) count.removed += 1
  }

  async function settle({ source: mine, target: its }: Pair): Promise<void> {
    if (mine === undefined) return settleExtra(its)
    count.read += 1
    if (its !== undefined && isSame(mine, its)) return
    if (await write(to, mine, its)) count.written += 1
  }

  for (let isOver = false; !isOver; ) {
    const pairs: Pair[] = []
    while (pairs.length < pageLimit) {
      const pair = await nextPair()
      isOver = pair === undefined
      if (pair === undefined) break
      if (!isOwn(pair.source ?? pair.target)) pairs.push(pair)
    }
    await mapConcurrently(pairs, writesAtOnce, settle)
    report({ count: { ...count }, source: source.place(), target: target.place() })
  }
  return count
}
