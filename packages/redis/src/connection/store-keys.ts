import { slotTags } from './key-slots.js'

/** Names of keys of one prefix and tenant. */
export interface StoreKeys {
  /** One key; no two lists of parts have the same. */
  of(kind: 'c' | 'n' | 'x' | 'f' | 'a' | DocumentKind, ...parts: readonly string[]): string
  /** Where the answer to a call is kept that changed something under `key`: in the slot of that key. */
  ofCall(key: string, callId: string, ...parts: readonly string[]): string
  /** The index of what is under `key`: in its slot. */
  ofIndex(key: string): string
  /** Where it is kept when the record under `key` was issued: in its slot. */
  ofIssue(key: string): string
  /** The two keys of a tenant that are not temporary, besides its documents; both in one slot of a Cluster. */
  readonly memory: string
  readonly revocations: string
  readonly audit: string
  /** Where the names of all collections of a kind are gathered for a scan. */
  ofCollections(kind: DocumentKind): string
  /** A pattern of `SCAN` for the keys of all collections of a kind, as the server has them. */
  patternOf(kind: DocumentKind): string
  /** The collection whose key the server has so; undefined for another key. */
  collectionOf(kind: DocumentKind, key: string): string | undefined
}

/** Whose documents: of clients, keys or accounts. */
export type DocumentKind = 'dc' | 'dk' | 'da'

// Two ill-formed strings can have the same UTF-8; their JSON differs.
function part(text: string): string {
  const wellFormed = (text as unknown as { isWellFormed(): boolean }).isWellFormed()
  return wellFormed ? `${text.length}:${text}` : `!${JSON.stringify(text)}`
}

/** The text of a {@link part}; undefined for any other text. */
function textOf(encoded: string): string | undefined {
  if (encoded.startsWith('!')) return JSON.parse(encoded.slice(1)) as string
  const colon = encoded.indexOf(':')
  const text = encoded.slice(colon + 1)
  return colon > 0 && String(text.length) === encoded.slice(0, colon) ? text : undefined
}

/** What the names of keys begin with. */
interface KeysOptions {
  /** Whose name an error begins with. */
  readonly factory: string
  readonly prefix: string
  readonly tenant: string | undefined
  /** What the client puts before every key. */
  readonly keyPrefix: string | undefined
}

/**
 * `prefix|tenant|kind` and the parts, each with its length. Neither a prefix nor an encoded tenant has a bar.
 *
 * @throws TypeError for a tenant that is not well-formed Unicode
 */
export function storeKeys({ factory, prefix, tenant, keyPrefix = '' }: KeysOptions): StoreKeys {
  const name = tenantName(factory, tenant)
  const base = `${prefix}|${name}|`
  const tagOf = slotTags()
  /** In the slot of the key. The record is named once, also where the tag is not its name. */
  const beside = (kind: 'y' | 'i' | 'j', key: string): string => {
    const tag = tagOf(keyPrefix + key)
    return `${base}${kind}{${tag}}${tag === keyPrefix + key ? '' : part(key)}`
  }
  return {
    of: (kind, ...parts) => {
      let key = base + kind
      for (const text of parts) key += part(text)
      return key
    },
    ofCall: (key, callId, ...parts) => {
      let call = beside('y', key)
      for (const text of parts) call += part(text)
      return `${call}|${callId}`
    },
    ofIndex: (key) => beside('i', key),
    ofIssue: (key) => beside('j', key),
    memory: `${base}memory{${name === '' ? '-' : name}}`,
    revocations: `${base}revocations{${name === '' ? '-' : name}}`,
    audit: `${base}audit{${name === '' ? '-' : name}}`,
    ofCollections: (kind) => `${base}collections-${kind}{${name === '' ? '-' : name}}`,
    patternOf: (kind) => `${(keyPrefix + base + kind).replace(/[*?[\]\\^]/g, '\\$&')}*`,
    collectionOf(kind, key) {
      const begins = keyPrefix + base + kind
      return key.startsWith(begins) ? textOf(key.slice(begins.length)) : undefined
    },
  }
}

function tenantName(factory: string, tenant: string | undefined): string {
  try {
    return encodeURIComponent(tenant ?? '')
  } catch (cause) {
    throw new TypeError(`${factory}: tenant must be well-formed Unicode, got a lone surrogate`, { cause })
  }
}
