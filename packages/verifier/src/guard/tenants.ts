import { setMaxListeners } from 'node:events'
import { askInTime, eventChannel, Unavailable } from '@countersign/core'
import type { IssuerEntry } from '../issuers/issuer-entry.js'
import { endTrust, isLive, openEntry, type TrustedIssuer, type TrustOptions } from '../issuers/trust.js'
import { bounded } from '../token/verdict.js'

/** Finds issuers at run time, for instance the tenants of an identity provider. */
export interface TenantOptions<Via extends string = string, Claims extends object = object> {
  /** The name that `auth.via` gives for all of them. */
  readonly via: Via
  /** Prefixes of the issuers that are looked up at the host. Each must be an https URL with at least the `/` after the host. */
  readonly prefixes?: readonly string[]
  /** Exact issuers that are looked up at the host. */
  readonly issuers?: readonly string[]
  /**
   * The entry of an issuer, or undefined for one that is not believed. Give the same object again to keep its keys.
   * A rejection is an outage (503), not a no.
   */
  readonly resolve: (issuer: string) => Promise<IssuerEntry<Claims> | undefined>
  /** Most tenants in memory. @defaultValue 1000 */
  readonly maxIssuers?: number
  /** How long an entry is believed before the next lookup. @defaultValue 300 */
  readonly maxCacheSeconds?: number
  /** The same for a no. @defaultValue 30 */
  readonly negativeCacheSeconds?: number
  /** How long a known entry is believed while `resolve` fails. @defaultValue 900 */
  readonly staleIfErrorSeconds?: number
  /** For one answer of `resolve`. @defaultValue 5 */
  readonly timeoutSeconds?: number
}

/** Issuers that were found at run time. */
export interface Tenants {
  /** Undefined for an issuer that is not looked up, or that the host does not trust. Rejects with `Unavailable`. */
  find(issuer: string): TrustedIssuer | undefined | Promise<TrustedIssuer | undefined>
  close(): void
}

type Question = Promise<TrustedIssuer | undefined>

interface Tenant {
  readonly entry: IssuerEntry<object>
  readonly trusted: TrustedIssuer
  readonly opened: readonly TrustedIssuer[]
  /** Epoch milliseconds of the last yes. */
  answeredAt: number
  /** Epoch milliseconds until which it may be believed without another. */
  staleUntil: number
}

const events = eventChannel('countersign:issuer')
const retryAfterMs = 5000
/**
 * Questions to the host that may be open at once: anybody can send a token that names any tenant. Tenants that are in memory have as
 * many places of their own. Without them, strangers could keep the host from being asked whether a tenant is still one.
 */
const maxOpenQuestions = 64

/** With dots, backslashes or a query, what is fetched for an issuer would not stand where its prefix says. */
function isPlainUrl(text: string): boolean {
  return URL.canParse(text) && new URL(text).href === text && !text.includes('?') && !text.includes('#')
}

function checkedPrefix(factory: string, prefix: string, at: number): string {
  const path = `${factory}: resolveIssuer.prefixes[${at}]`
  const shown = JSON.stringify(prefix.slice(0, 200))
  if (!URL.canParse(prefix)) throw new TypeError(`${path} must be an https URL, got ${shown}`)
  const { protocol, host } = new URL(prefix)
  // Without the slash after the host, https://login.example would admit https://login.example.evil.test
  if (protocol !== 'https:' || !prefix.startsWith(`https://${host}/`))
    throw new TypeError(`${path} must be an https URL with at least the / after the host, got ${shown}`)
  if (!isPlainUrl(prefix)) throw new TypeError(`${path} must be a URL in its normal form, without query and fragment, got ${shown}`)
  return prefix
}

function timesOf(options: TenantOptions): Record<'ttlMs' | 'negativeTtlMs' | 'staleMs' | 'timeoutMs', number> {
  const { maxCacheSeconds = 300, negativeCacheSeconds = 30, staleIfErrorSeconds = 900, timeoutSeconds = 5 } = options
  return {
    ttlMs: maxCacheSeconds * 1000,
    negativeTtlMs: negativeCacheSeconds * 1000,
    staleMs: staleIfErrorSeconds * 1000,
    timeoutMs: timeoutSeconds * 1000,
  }
}

/** Whether an issuer is looked up at the host. */
function matcherOf(factory: string, options: TenantOptions): (issuer: string) => boolean {
  const { prefixes = [], issuers = [] } = options
  if (prefixes.length === 0 && issuers.length === 0)
    throw new TypeError(`${factory}: resolveIssuer.prefixes or resolveIssuer.issuers must have at least one item, got none`)
  const checked = prefixes.map((prefix, at) => checkedPrefix(factory, prefix, at))
  const listed = new Set<string>(issuers)
  return (issuer) => listed.has(issuer) || (checked.some((prefix) => issuer.startsWith(prefix)) && isPlainUrl(issuer))
}

function evictOldest<V>(map: Map<string, V>, most: number): V | undefined {
  if (map.size < most) return undefined
  const [key, value] = map.entries().next().value as [string, V]
  map.delete(key)
  return value
}

/**
 * Asks the host for issuers that match, and remembers yes and no, bounded.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createTenants(factory: string, options: TenantOptions, context: Omit<TrustOptions, 'issuers' | 'factory'>): Tenants {
  const { via, resolve, maxIssuers = 1000 } = options
  const { ttlMs, negativeTtlMs, staleMs, timeoutMs } = timesOf(options)
  const isAskedFor = matcherOf(factory, options)
  const tenants = new Map<string, Tenant>()
  const denied = new Map<string, number>()
  /** Open questions about tenants in memory, and about all others. */
  const asking = { known: new Map<string, Question>(), other: new Map<string, Question>() }
  const closing = new AbortController()
  // One for every open question: by default Node warns of a leak at the eleventh.
  setMaxListeners(2 * maxOpenQuestions, closing.signal)
  const { now } = context

  /** The new entry is opened before the old one ends: keys that both load from one place stay. */
  function openInPlaceOf(old: Tenant | undefined, issuer: string, entry: IssuerEntry<object>, life: Parameters<typeof openEntry>[3]) {
    try {
      const opened = openEntry(via, entry, context, life)
      const trusted = opened.find((one) => one.issuer === issuer && one.opaque === undefined)
      if (trusted !== undefined) return { opened, trusted }
      endTrust(opened)
      throw new TypeError(
        `resolveIssuer: the entry must be one of JWTs that names the requested issuer ${JSON.stringify(issuer.slice(0, 200))}`,
      )
    } finally {
      if (old) endTrust(old.opened)
    }
  }

  function admit(issuer: string, entry: IssuerEntry<object>): TrustedIssuer {
    const old = tenants.get(issuer)
    tenants.delete(issuer)
    const askedAt = now()
    const liveUntil = askedAt + ttlMs
    const staleUntil = liveUntil + staleMs
    if (old?.entry === entry) {
      Object.assign(old.trusted, { askedAt, liveUntil })
      Object.assign(old, { answeredAt: askedAt, staleUntil })
      tenants.set(issuer, old)
      return old.trusted
    }
    const { opened, trusted } = openInPlaceOf(old, issuer, entry, { askedAt, liveUntil })
    const evicted = evictOldest(tenants, maxIssuers)
    if (evicted) endTrust(evicted.opened)
    tenants.set(issuer, { entry, trusted, opened, answeredAt: askedAt, staleUntil })
    return trusted
  }

  function deny(issuer: string): undefined {
    const old = tenants.get(issuer)
    tenants.delete(issuer)
    if (old) endTrust(old.opened)
    evictOldest(denied, maxIssuers)
    denied.set(issuer, now() + negativeTtlMs)
    events.publish({ outcome: 'unknown', via, issuer: bounded(issuer) })
  }

  function unanswered(issuer: string, cause: unknown): Unavailable {
    events.publish({ outcome: 'failed', via, issuer: bounded(issuer), cause })
    return new Unavailable('key_source_unavailable', { cause, retryAfterSeconds: retryAfterMs / 1000 })
  }

  function failed(issuer: string, cause: unknown): TrustedIssuer {
    const outage = unanswered(issuer, cause)
    const old = tenants.get(issuer)
    const askedAt = now()
    if (old !== undefined && askedAt >= old.answeredAt && askedAt < old.staleUntil) {
      // Believed for a little while without asking, so that an outage is not met with a question for every request.
      Object.assign(old.trusted, { askedAt, liveUntil: Math.min(askedAt + retryAfterMs, old.staleUntil) })
      return old.trusted
    }
    throw outage
  }

  async function ask(issuer: string): Promise<TrustedIssuer | undefined> {
    let entry: IssuerEntry<object> | undefined
    try {
      entry = await askInTime(async () => resolve(issuer), { milliseconds: timeoutMs, isRepeatable: true, closing: closing.signal })
    } catch (cause) {
      return failed(issuer, cause)
    }
    if (entry === undefined) return deny(issuer)
    const trusted = admit(issuer, entry)
    events.publish({ outcome: 'resolved', via, issuer: bounded(issuer) })
    return trusted
  }

  function question(issuer: string, open: Map<string, Question>): Question {
    // Our own limit says nothing of the directory: nobody is believed for longer because of it.
    if (open.size >= maxOpenQuestions) throw unanswered(issuer, new Error('too many questions to resolveIssuer are open'))
    const answer = ask(issuer).finally(() => open.delete(issuer))
    open.set(issuer, answer)
    return answer
  }

  return {
    find(issuer) {
      const known = tenants.get(issuer)
      if (known && isLive(known.trusted, now())) return known.trusted
      if (!isAskedFor(issuer)) return undefined
      const deniedFor = (denied.get(issuer) ?? 0) - now()
      // More than was given: the clock was set back.
      if (deniedFor > 0 && deniedFor <= negativeTtlMs) return undefined
      denied.delete(issuer)
      return asking.known.get(issuer) ?? asking.other.get(issuer) ?? question(issuer, known ? asking.known : asking.other)
    },
    close() {
      closing.abort(new Error('the guard was closed'))
      for (const { opened } of tenants.values()) for (const one of opened) one.keys.close()
    },
  }
}
