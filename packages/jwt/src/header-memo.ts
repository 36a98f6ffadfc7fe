import type { JwsHeader } from './header.js'

/** Headers by their encoded form. Issuers send few, and one in a token with a good signature will come again. */
export interface HeaderMemo {
  get(segment: string): JwsHeader | undefined
  /** To be called only after a good signature, so that nobody else can fill the memo. */
  remember(verified: { readonly header: JwsHeader; readonly headerSegment: string }): void
}

/**
 * A bounded memo of parsed headers.
 *
 * @param maxEntries - the oldest goes when there are more; @defaultValue 256
 */
export function createHeaderMemo(maxEntries = 256): HeaderMemo {
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) throw new TypeError('maxEntries must be a positive integer')
  const headers = new Map<string, JwsHeader>()
  return {
    get: (segment) => headers.get(segment),
    remember({ headerSegment, header }) {
      if (headers.has(headerSegment)) return
      const [oldest] = headers.size < maxEntries ? [] : headers.keys()
      if (oldest !== undefined) headers.delete(oldest)
      // A slice of a string keeps the whole of it alive, here the bearer token; a copy does not.
      headers.set(Buffer.from(headerSegment, 'latin1').toString('latin1'), header)
    },
  }
}
