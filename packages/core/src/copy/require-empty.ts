import { retainedAddress } from '../retaining.js'
import { type CopiedPart, type CopiedStores, copiedParts } from './copy-cursor.js'

async function hasDocuments(documents: CopiedStores['clients']): Promise<boolean> {
  for (let after: string | undefined; ; ) {
    const page = await documents.scan({ after, limit: 2 })
    if (page.items.some(({ collection }) => collection !== retainedAddress.collection)) return true
    if (page.after === undefined) return false
    after = page.after
  }
}

async function hasAny(to: CopiedStores, part: CopiedPart): Promise<boolean> {
  return part === 'revocations' ? (await to.revocations.page({ limit: 1 })).items.length > 0 : hasDocuments(to[part])
}

/** @throws TypeError for a target that has content, with the parts that have it */
export async function requireEmpty(to: CopiedStores): Promise<void> {
  const full: CopiedPart[] = []
  for (const part of copiedParts) if (await hasAny(to, part)) full.push(part)
  if (full.length > 0)
    throw new TypeError(`copyStores: to must be empty, but it has ${full.join(', ')}; with overwrite: true the copy is made all the same`)
}
