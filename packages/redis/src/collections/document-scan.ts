import {
  completeScanQuery,
  type DocumentAddress,
  type Page,
  type PageQuery,
  type ScannedDocument,
  type StoredDocument,
  scanPosition,
} from '@countersign/core'
import type { RedisAccess } from '../connection/access.js'
import type { DocumentKind } from '../connection/store-keys.js'
import { collectionNames } from './collection-names.js'
import { type ReadIndexed, withGroups } from './document-index.js'

/** How many collections are read at once. */
const collectionsAtOnce = 64

/** The `after` of a scan that has not seen a document yet. */
const beginning = '[]'

/** Reads all collections of a kind, page by page. */
export function documentScan(
  access: RedisAccess,
  kind: DocumentKind,
  { indexed, documentOf }: { readonly indexed: ReadIndexed; readonly documentOf: (id: string, stored: string) => StoredDocument },
): (query?: PageQuery) => Promise<Page<ScannedDocument>> {
  const { reads, keys } = access
  const names = collectionNames(access, kind)

  async function readCollection(collection: string, after: string | undefined, limit: number): Promise<readonly ScannedDocument[]> {
    const from = after === undefined ? '' : `i${after}`
    const flat = await indexed(keys.of(kind, collection), 'listDocuments', 'i', 1, from, 0, limit, withGroups)
    return Array.from({ length: flat.length / 3 }, (_, at) => {
      const [id, value, group] = flat.slice(3 * at, 3 * at + 3).map(String)
      return { ...documentOf(id ?? '', value ?? ''), collection, group: group === '' ? undefined : group }
    })
  }

  /** Few collections at first: one may fill the page. Undefined where their names are not gathered. */
  async function fill(position: DocumentAddress | undefined, limit: number): Promise<readonly ScannedDocument[] | undefined> {
    const items: ScannedDocument[] = []
    let [from, isRead] = [position?.collection, false]
    for (let atOnce = 1; items.length < limit; atOnce = Math.min(2 * atOnce, collectionsAtOnce)) {
      const found = await names.from(from, atOnce + (isRead ? 1 : 0))
      if (found === undefined) return undefined
      const meant = isRead && found[0] === from ? found.slice(1) : found
      const afterOf = (name: string): string | undefined => (name === position?.collection ? position.id : undefined)
      const left = limit - items.length
      const read = await reads.read(() => Promise.all(meant.map((name) => readCollection(name, afterOf(name), left))))
      items.push(...read.flat())
      if (meant.length < atOnce) break
      from = meant.at(-1)
      isRead = true
    }
    return items.slice(0, limit)
  }

  return async (query = {}) => {
    const { after } = query
    const { limit, position } = completeScanQuery(after === beginning ? { ...query, after: undefined } : query)
    if (!(await names.gather(after === undefined))) return { items: [], after: after ?? beginning }
    const items = await fill(position, limit)
    if (items === undefined) {
      // the names have ended since the scan began, or their server has
      await names.gather(true)
      return { items: [], after: after ?? beginning }
    }
    const last = items.length < limit ? undefined : items.at(-1)
    return { items, after: last && scanPosition(last) }
  }
}
