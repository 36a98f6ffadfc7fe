import { eventChannel, type Fetch, type KeySource, type Now, shownValue } from '@countersign/core'
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
  const aliases = entry.sources.flatMap((source) => source.issuers)
  return entry.sources.flatMap((source) => {
    const keys = options.shared.open(source, { via, now: options.now, fetch: options.fetch, random: options.random })
    return source.issuers.map((issuer: string) => ({
      via,
      issuer,
      aliases,
      rule: entry.rule,
      keys,
      isRemote: source.place !== undefined,
      ...life,
    }))
  })
}

/** Ends the belief in issuers at once, for tokens in caches too. */
export function endTrust(issuers: readonly TrustedIssuer[]): void {
  for (const issuer of issuers) {
    issuer.liveUntil = 0
    issuer.keys.close()
  }
}

/**
 * Builds the map from `iss` to rules and keys.
 *
 * @throws TypeError if two entries have the same issuer
 */
export function createTrust(options: TrustOptions): Trust {
  const byName = new Map<string, readonly TrustedIssuer[]>()
  const byIssuer = new Map<string, TrustedIssuer>()

  function remove(via: string): boolean {
    const old = byName.get(via)
    if (old === undefined) return false
    byName.delete(via)
    for (const { issuer } of old) byIssuer.delete(issuer)
    endTrust(old)
    return true
  }

  function set(via: string, entry: IssuerEntry<object>): void {
    for (const issuer of entry?.sources?.flatMap((source) => source.issuers) ?? []) {
      const other = byIssuer.get(issuer)
      if (other && other.via !== via)
        throw new TypeError(
          `${options.factory}: issuers must not have an iss twice, got ${JSON.stringify(issuer)} in ${JSON.stringify(other.via)} and in ${JSON.stringify(via)}`,
        )
    }
    const opened = openEntry(via, entry, options, always)
    if (new Set(opened.map(({ issuer }) => issuer)).size < opened.length) {
      endTrust(opened)
      throw new TypeError(`${options.factory}: issuers.${via} must not have an iss twice, got an entry that has`)
    }
    // Only now: a place that the old entry and the new one share stays open.
    remove(via)
    byName.set(via, opened)
    for (const trusted of opened) byIssuer.set(trusted.issuer, trusted)
  }

  for (const [via, entry] of Object.entries(options.issuers)) set(via, entry)
  return {
    find: (issuer) => byIssuer.get(issuer),
    set(via, entry) {
      set(via, entry)
      events.publish({ outcome: 'set', via })
    },
    remove(via) {
      const removed = remove(via)
      if (removed) events.publish({ outcome: 'removed', via })
      return removed
    },
    all: () => [...byIssuer.values()],
    close() {
      for (const issuers of byName.values()) for (const issuer of issuers) issuer.keys.close()
    },
  }
}
