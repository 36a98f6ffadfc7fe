import { eventChannel, type Fetch, type KeySource, type Now, type RevocationView, shownValue } from '@countersign/core'
import { type OpaqueSource, withoutKeys } from '../opaque/opaque-tokens.js'
import { createRecognise, jwtIssuerOf, type Recogniser, requireUnambiguous } from '../opaque/recognition.js'
import type { IssuerEntry, IssuerRule } from './issuer-entry.js'
import type { SharedSources } from './shared-sources.js'

/** One exact issuer with its rules and keys. */
export interface TrustedIssuer {
  readonly via: string
  readonly issuer: string
  /** Every `iss` of the entry: what is revoked under one of them is revoked under all. */
  readonly aliases: readonly string[]
  readonly rule: IssuerRule
  readonly keys: KeySource
  /** What tells of its tokens, where they are not verified by a signature. */
  readonly opaque?: OpaqueSource
  /** Whether the keys come from another party. */
  readonly isRemote: boolean
  /** Epoch milliseconds of the last lookup at the host. */
  askedAt: number
  /** Epoch milliseconds until which it is believed without asking again; 0 once it was removed. */
  liveUntil: number
}

/** Whether it is believed without another lookup. False if the clock is earlier than the last lookup: it was set back, so the age is unknown. */
export function isLive({ askedAt, liveUntil }: TrustedIssuer, time: number): boolean {
  return time >= askedAt && time < liveUntil
}

/** The issuers that are believed, by exact `iss`. */
export interface Trust {
  /** Causes no I/O for any issuer. */
  find(issuer: string): TrustedIssuer | undefined
  /** The entry of a token that is not verified by a signature, by its syntax. */
  recognise(token: string): TrustedIssuer | undefined
  /** @throws TypeError if another entry has one of its issuers */
  set(via: string, entry: IssuerEntry<object>): void
  /** False if there was none of that name. */
  remove(via: string): boolean
  /** Everything that is believed now. */
  all(): readonly TrustedIssuer[]
  close(): void
}

/** What entries are opened with. */
export interface TrustOptions {
  /** What messages of errors begin with. */
  readonly factory: string
  readonly issuers: Readonly<Record<string, IssuerEntry<object>>>
  readonly now: Now
  readonly fetch: Fetch
  readonly random: () => number
  readonly shared: SharedSources
  readonly revocations: RevocationView | undefined
}

const events = eventChannel('countersign:issuer')
const always = { askedAt: Number.NEGATIVE_INFINITY, liveUntil: Number.POSITIVE_INFINITY }

/**
 * Opens the key sources of an entry.
 *
 * @param life - when it was looked up and until when it is believed, epoch milliseconds
 */
export function openEntry(
  via: string,
  entry: IssuerEntry<object>,
  options: Omit<TrustOptions, 'issuers' | 'factory'>,
  life: Pick<TrustedIssuer, 'askedAt' | 'liveUntil'>,
): TrustedIssuer[] {
  if (entry?.sources === undefined || typeof entry.rule !== 'object')
    throw new TypeError(
      `issuer ${JSON.stringify(via)} must be an entry made by a preset, for instance jwks({ … }), got ${shownValue(entry)}`,
    )
  const { rule, opaque } = entry
  const context = { via, now: options.now, fetch: options.fetch, random: options.random }
  if (opaque !== undefined) {
    const { issuer, isRemote } = opaque
    const source = opaque.open(context, options.revocations)
    return [{ via, issuer, aliases: [issuer], rule, keys: withoutKeys(source), opaque: source, isRemote, ...life }]
  }
  const aliases = entry.sources.flatMap((source) => source.issuers)
  return entry.sources.flatMap((source) => {
    const keys = options.shared.open(source, context)
    return source.issuers.map((issuer: string) => ({ via, issuer, aliases, rule, keys, isRemote: source.place !== undefined, ...life }))
  })
}

/** Ends the belief in issuers at once, for tokens in caches too. */
export function endTrust(issuers: readonly TrustedIssuer[]): void {
  for (const issuer of issuers) {
    issuer.liveUntil = 0
    issuer.keys.close()
  }
}

/** The `iss` of the JWTs that belong to an entry. */
function issuersOf(entry: IssuerEntry<object>): readonly string[] {
  const ofJwts = entry?.opaque && jwtIssuerOf(entry.opaque.recognise)
  return [...(entry?.sources?.flatMap((source) => source.issuers) ?? []), ...(ofJwts === undefined ? [] : [ofJwts])]
}

/** The entries of a name, opened. */
interface Opened {
  readonly trusted: readonly TrustedIssuer[]
  readonly issuers: readonly string[]
  readonly recogniser: (Recogniser & { readonly trusted: TrustedIssuer }) | undefined
}

/**
 * Builds the map from `iss` to rules and keys, and what recognises all other tokens.
 *
 * @throws TypeError if two entries have the same issuer, or recognise the same tokens
 */
export function createTrust(options: TrustOptions): Trust {
  const byName = new Map<string, Opened>()
  const byIssuer = new Map<string, TrustedIssuer>()
  const all = (): readonly TrustedIssuer[] => [...byName.values()].flatMap(({ trusted }) => trusted)
  const recognisers = () => [...byName.values()].flatMap(({ recogniser }) => recogniser ?? [])
  const state = { recognise: createRecognise(recognisers()) }

  function remove(via: string): boolean {
    const old = byName.get(via)
    if (old === undefined) return false
    byName.delete(via)
    for (const { issuer, opaque } of old.trusted) if (opaque === undefined) byIssuer.delete(issuer)
    state.recognise = createRecognise(recognisers())
    endTrust(old.trusted)
    return true
  }

  /** @throws TypeError if tokens of the entry belong to another one already */
  function requireOwnTokens(via: string, entry: IssuerEntry<object>): void {
    for (const issuer of issuersOf(entry)) {
      const [other] = [...byName].find(([name, { issuers }]) => name !== via && issuers.includes(issuer)) ?? []
      if (other !== undefined)
        throw new TypeError(
          `${options.factory}: issuers must not have an iss twice, got ${JSON.stringify(issuer)} in ${JSON.stringify(other)} and in ${JSON.stringify(via)}`,
        )
    }
    const others = recognisers().filter((one) => one.via !== via)
    if (entry?.opaque) requireUnambiguous(options.factory, { via, recognise: entry.opaque.recognise }, others)
  }

  function set(via: string, entry: IssuerEntry<object>): void {
    requireOwnTokens(via, entry)
    const trusted = openEntry(via, entry, options, always)
    if (new Set(trusted.map(({ issuer }) => issuer)).size < trusted.length) {
      endTrust(trusted)
      throw new TypeError(`${options.factory}: issuers.${via} must not have an iss twice, got an entry that has`)
    }
    // Only now: a place that the old entry and the new one share stays open.
    remove(via)
    const [first] = trusted
    const recogniser = entry.opaque && first && { via, recognise: entry.opaque.recognise, trusted: first }
    byName.set(via, { trusted, issuers: issuersOf(entry), recogniser })
    for (const one of trusted) if (one.opaque === undefined) byIssuer.set(one.issuer, one)
    state.recognise = createRecognise(recognisers())
  }

  for (const [via, entry] of Object.entries(options.issuers)) set(via, entry)
  return {
    find: (issuer) => byIssuer.get(issuer),
    recognise: (token) => state.recognise(token)?.trusted,
    set(via, entry) {
      set(via, entry)
      events.publish({ outcome: 'set', via })
    },
    remove(via) {
      const removed = remove(via)
      if (removed) events.publish({ outcome: 'removed', via })
      return removed
    },
    all,
    close() {
      for (const { keys } of all()) keys.close()
    },
  }
}
