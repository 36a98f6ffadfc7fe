import {
  type AsymmetricAlgorithm,
  type ClientKeys,
  type Fetch,
  globalFetch,
  type KeySource,
  kind,
  type Lifecycle,
  mathRandom,
  type Now,
  type OptionShape,
  type RevocationView,
  Unavailable,
  wallClock,
} from '@countersign/core'
import { algorithms, isHmac } from '@countersign/jwt'
import type { SourceContext } from '@countersign/jwt/jwks'

/** Options of client keys that stand elsewhere than in the registry. */
export interface ClientSourceOptions {
  /** The only algorithms that clients may sign with. */
  readonly algorithms: readonly AsymmetricAlgorithm[]
  /** Refuses keys whose thumbprint was revoked (entries `client_key` of our `issuer`), whatever the client still publishes. */
  readonly denylist?: { readonly issuer: string; readonly revocations: RevocationView }
  /** Clients whose keys are kept in memory; the ones unused for longest go. @defaultValue 1000 */
  readonly maxClients?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  /** A number from 0 to 1 that spreads retries. @defaultValue `Math.random` */
  readonly random?: () => number
}

/** Client keys that hold sources. */
export interface RemoteClientKeys extends ClientKeys, Lifecycle {}

/** Where the keys of one client stand. */
interface ClientSource {
  /** Equal while the keys stand where they did. */
  readonly place: unknown
  open(context: SourceContext): KeySource
}

/** Finds where the keys of a client stand; undefined for a client that is not known. Whatever it throws is an outage. */
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

/** Open sources, one a client. */
function createOpenSources(maxClients: number): {
  get(clientId: string, source: ClientSource, context: SourceContext): KeySource
  close(): void
} {
  const opened = new Map<string, { readonly place: unknown; readonly keys: KeySource }>()

  function forget(clientId: string): void {
    opened.get(clientId)?.keys.close()
    opened.delete(clientId)
  }

  return {
    get(clientId, source, context) {
      const known = opened.get(clientId)
      const isSame = known !== undefined && known.place === source.place
      if (!isSame) forget(clientId)
      const keys = isSame ? known.keys : source.open(context)
      // Behind all others: the first of the map is the one that was not used for longest.
      opened.delete(clientId)
      opened.set(clientId, { place: source.place, keys })
      const [oldest] = opened.keys()
      if (opened.size > maxClients && oldest !== undefined) forget(oldest)
      return keys
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

  const close = async (): Promise<void> => sources.close()
  return {
    async find({ clientId, kid, algorithm }) {
      const source = accepted.has(algorithm) ? await sourceOf(clientId) : undefined
      if (source === undefined) return { ok: false, fault: 'unknown' }
      const context = { via: clientId, now, random, fetch: options.fetch ?? globalFetch }
      const { key } = await sources.get(clientId, source, context).find({ kid, algorithm })
      if (key === undefined) return { ok: false, fault: 'unknown' }
      return (await isRevoked(clientId, key.thumbprint)) ? { ok: false, fault: 'revoked' } : { ok: true, key }
    },
    ready: async () => ({ ok: true, parts: {} }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
