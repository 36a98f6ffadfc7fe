import { type Fetch, kind, type OptionShape } from '@countersign/core'
import { documentUrl, type FetchedDocument, type FetchRules, fetchDocument, parseDocument } from './fetch-document.js'
import { type RefreshOptions, refreshShape, type SourceContext } from './refresh-options.js'
import type { LoadKeys } from './refreshing-keys.js'
import { shown, shownUrl } from './shown.js'

/** Options of every entry whose keys are fetched. */
export interface RemoteOptions extends RefreshOptions {
  /** Plain http to something else than loopback. @defaultValue false */
  readonly allowInsecure?: boolean
  /** Used instead of the guard's, for a proxy of its own. */
  readonly fetch?: Fetch
}

/** What each of the options must be of an entry whose keys are fetched. */
export const remoteShape: OptionShape<RemoteOptions> = { ...refreshShape, allowInsecure: kind.flag, fetch: kind.func }

const maxDocumentBytes = 256 * 1024

function fetchRules(options: RemoteOptions, context: SourceContext): FetchRules {
  return { fetch: options.fetch ?? context.fetch, allowInsecure: options.allowInsecure ?? false, maxBytes: maxDocumentBytes }
}

/** Finds the URL of a JWK Set. */
export type FindUrl = (signal: AbortSignal) => Promise<URL>

/** Loads a JWK Set over HTTP, with an ETag where the server gave one. */
export function loadJwks(findUrl: FindUrl, options: RemoteOptions, context: SourceContext): LoadKeys {
  const rules = fetchRules(options, context)
  const state = { url: '', fetched: undefined as FetchedDocument | undefined }
  return async (signal) => {
    const url = await findUrl(signal)
    const known = state.url === url.href ? state.fetched : undefined
    const fetched = await fetchDocument(url, rules, signal, known?.etag)
    const text = fetched.text ?? known?.text
    if (text === undefined) throw new Error(`${shownUrl(url)} was answered with status 304 to a request without an ETag`)
    const document = parseDocument(text, url)
    // RFC 9111 §4.3.4: what a 304 does not say again stays as it was.
    const freshSeconds = fetched.freshSeconds ?? (fetched.text === undefined ? known?.freshSeconds : undefined)
    Object.assign(state, { url: url.href, fetched: { ...fetched, text, freshSeconds } })
    return { document, name: shownUrl(url), fingerprint: text, freshSeconds }
  }
}

/**
 * Finds the JWK Set of an issuer in its metadata (OpenID Connect Discovery 1.0 §4, RFC 8414 §3). The metadata must name
 * exactly this issuer. It is read again with every load: an issuer may move its keys.
 */
export function discoveredUrl(issuer: string, metadata: URL, options: RemoteOptions, context: SourceContext): FindUrl {
  const rules = fetchRules(options, context)
  const name = shownUrl(metadata)
  return async (signal) => {
    const { text } = await fetchDocument(metadata, rules, signal)
    const document = parseDocument(text ?? '', metadata)
    const { issuer: named, jwks_uri: uri } = (typeof document === 'object' && document !== null ? document : {}) as {
      issuer?: unknown
      jwks_uri?: unknown
    }
    if (named !== issuer) throw new Error(`${name}: issuer must be ${shown(issuer)}, got ${shown(named)}`)
    if (typeof uri !== 'string') throw new Error(`${name}: jwks_uri is missing`)
    const url = documentUrl(`${name}: jwks_uri`, uri, rules.allowInsecure)
    // Loopback is for development: metadata that came over https do not lead there over http.
    if (metadata.protocol === 'https:' && url.protocol === 'http:' && !rules.allowInsecure)
      throw new Error(`${name} leads from https to http`)
    return url
  }
}
