import {
  type AsymmetricAlgorithm,
  type ClientKeys,
  type Fetch,
  globalFetch,
  type KeySet,
  type KeySource,
  kind,
  type Lifecycle,
  mathRandom,
  type Now,
  type OptionShape,
  type RevocationView,
  Unavailable,
  type VerificationKey,
  wallClock,
} from '@countersign/core'
import { algorithms, isHmac } from '@countersign/jwt'
import type { SourceContext } from '@countersign/jwt/jwks'

/** Options of client keys that stand elsewhere than in the registry. */
export interface ClientSourceOptions {
  /** The only algorithms that clients may sign with. */
  readonly algorithms: readonly AsymmetricAlgorithm[]
  /** Refuses keys whose thumbprint was revoked (entries `client_key` of our `issuer`), even if the client still publishes them. */
  readonly denylist?: { readonly issuer: string; readonly revocations: RevocationView }
  /** Clients whose keys are kept in memory; the ones unused for longest go. @defaultValue 1000 */
  readonly maxClients?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  /** A number from 0 to 1 that spreads retries. @defaultValue `Math.random` */
  readonly random?: () => number
}

/** Most keys that a JWT without kid is tried against, and most that the denylist is asked about to find them. */
const [maxTried, maxAsked] = [4, 16]

/** Client keys that hold sources. */
export interface RemoteClientKeys extends ClientKeys, Lifecycle {}

/** Where the keys of one client stand. */
interface ClientSource {
  /** Equal while the keys stand where they did. */
  readonly place: unknown
  open(context: SourceContext): KeySource
}

/** Finds the URL of a client's keys; undefined for an unknown client. Every error that it throws is an outage. */
export type FindClientSource = (clientId: string) => ClientSource | undefined | Promise<ClientSource | undefined>

const asymmetric = algorithms.filter((algorithm) => !isHmac(algorithm))

/** What each of the options must be of client keys that stand elsewhere. */
export const clientSourceShape: OptionShape<ClientSourceOptions> = {
  algorithms: kind.required(kind.listOf(kind.oneOf(...asymmetric))),
  denylist: kind.members<NonNullable<ClientSourceOptions['denylist']>>({
    issuer: kind.required(kind.string),
    revocations: kind.required(kind.having('a view of revocations, for instance what createSharedRevocations returns', 'check')),
  }),
  maxClients: kind.count,
  now: kind.func,
  random: kind.func,
}

/** An open source, and the set that it answered from last. */
interface OpenSource {
  readonly place: unknown
  readonly keys: KeySource
  answered?: KeySet
}

/** Open sources, one a client. */
function createOpenSources(maxClients: number): {
  get(clientId: string, source: ClientSource, context: SourceContext): OpenSource
  doubt(clientId: string): void
  close(): void
} {
  const opened = new Map<string, OpenSource>()

  function forget(clientId: string): void {
    opened.get(clientId)?.keys.close()
    opened.delete(clientId)
  }

  return {
    get(clientId, source, context) {
      const known = opened.get(clientId)
      const isSame = known !== undefined && known.place === source.place
      if (!isSame) forget(clientId)
      const open = isSame ? known : { place: source.place, keys: source.open(context) }
      // Behind all others: the first of the map is the one that was not used for longest.
      opened.delete(clientId)
      opened.set(clientId, open)
      const [oldest] = opened.keys()
      if (opened.size > maxClients && oldest !== undefined) forget(oldest)
      return open
    },
    doubt(clientId) {
      const { keys, answered } = opened.get(clientId) ?? {}
      if (answered !== undefined) keys?.doubt?.(answered)
    },
    close() {
      for (const clientId of opened.keys()) forget(clientId)
    },
  }
}

/** Client keys over a key source for each client, by options that {@link clientSourceShape} checked. */
export function createClientKeySources(
  options: ClientSourceOptions & { readonly fetch?: Fetch },
  find: FindClientSource,
): RemoteClientKeys {
  const { denylist, now = wallClock, random = mathRandom } = options
  const sources = createOpenSources(options.maxClients ?? 1000)
  // RFC 9864: two names of one algorithm.
  const isEdwards = (algorithm: string): boolean => algorithm === 'EdDSA' || algorithm === 'Ed25519'
  const accepted = new Set<string>(options.algorithms.flatMap((algorithm) => (isEdwards(algorithm) ? ['EdDSA', 'Ed25519'] : [algorithm])))

  async function sourceOf(clientId: string): Promise<ClientSource | undefined> {
    try {
      return await find(clientId)
    } catch (cause) {
      throw new Unavailable('key_source_unavailable', { cause })
    }
  }

  async function isRevoked(clientId: string, thumbprint: string | undefined): Promise<boolean> {
    if (denylist === undefined) return false
    const none = { kid: undefined, thumbprint: undefined, jti: undefined, subject: undefined }
    const query = {
      ...none,
      issuer: denylist.issuer,
      clientId,
      clientKeys: thumbprint === undefined ? [] : [thumbprint],
      issuedAt: now() / 1000,
    }
    return (await denylist.revocations.check(query)) !== undefined
  }

  /** At most 4. Revoked keys are left out first, so that they take no place of good ones. */
  async function unrevoked(clientId: string, keys: readonly VerificationKey[]): Promise<readonly VerificationKey[]> {
    const good: VerificationKey[] = []
    for (const key of keys.slice(0, maxAsked)) {
      if (good.length === maxTried) break
      if (!(await isRevoked(clientId, key.thumbprint))) good.push(key)
    }
    return good
  }

  const close = async (): Promise<void> => sources.close()
  return {
    async find({ clientId, kid, algorithm }) {
      const source = accepted.has(algorithm) ? await sourceOf(clientId) : undefined
      if (source === undefined) return { ok: false, reason: 'unknown' }
      const context = { via: clientId, now, random, fetch: options.fetch ?? globalFetch }
      const open = sources.get(clientId, source, context)
      const { key, candidates = [], set } = await open.keys.find({ kid, algorithm })
      open.answered = set
      const fitting = key === undefined ? candidates : [key]
      if (fitting.length === 0) return { ok: false, reason: 'unknown' }
      const [first, ...others] = await unrevoked(clientId, fitting)
      if (first === undefined) return { ok: false, reason: 'revoked' }
      return others.length === 0 ? { ok: true, key: first } : { ok: true, key: first, others }
    },
    doubt: (clientId) => sources.doubt(clientId),
    ready: async () => ({ ok: true, parts: {} }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
