import type { DocumentStore, RevocationDelta, RevocationEntry, Stores } from '@countersign/core'
import fc from 'fast-check'

/** What a command knows besides the stores. */
interface ModelRun {
  /** Keeps the names of one run apart from those of others. */
  readonly run: string
  /** Epochs that this store has given in this run, the first before it. */
  readonly cursors: string[]
}

/** One call with its arguments; its text is what a counterexample shows. */
export interface ModelCommand {
  toString(): string
  /** The answer, without what two stores may answer differently. */
  apply(stores: Stores, run: ModelRun): Promise<unknown>
}

/** Commands of one shape: the arguments are drawn, and show in the text. */
function commands<A>(
  name: string,
  args: fc.Arbitrary<A>,
  apply: (stores: Stores, args: A, run: ModelRun) => Promise<unknown>,
): fc.Arbitrary<ModelCommand> {
  return args.map((drawn) => ({
    toString: () => `${name}(${JSON.stringify(drawn)})`,
    apply: (stores, run) => apply(stores, drawn, run),
  }))
}

const name = fc.constantFrom('a', 'b', '')
/** Deep traces need calls that meet. */
const usual = fc.oneof({ weight: 8, arbitrary: fc.constant('a') }, { weight: 1, arbitrary: name })
const generation = fc.constantFrom(0, 0, 0, 1, 1, 1, 2, 2, 3)
/** Either ends within what a run may pass, or not: no call is near an end. */
const ttlMs = fc.constantFrom(300_000, 900_000, 0, -1)
const usualMs = fc.oneof({ weight: 8, arbitrary: fc.constant(900_000) }, { weight: 1, arbitrary: ttlMs })
const shortMs = fc.constantFrom(50_000, 300_000)
const minute = 60_000
const beforeAnyStore = 1e12

const replay = commands(
  'claim',
  fc.record({ purpose: name, id: name, issuedAgoMs: fc.constantFrom(0, -minute, beforeAnyStore), ttlMs: fc.oneof(usualMs, shortMs) }),
  (stores, claim, { run }) => stores.replay.claim({ ...claim, purpose: run + claim.purpose }),
)

const nonces = fc.oneof(
  commands('remember', fc.record({ jti: usual, clientId: usual, ttlMs: usualMs }), ({ nonces: store }, { jti, ...record }, { run }) =>
    store.remember(run + jti, record),
  ),
  commands(
    'spend',
    fc.record({ jti: usual, purpose: name, clientId: fc.option(name, { nil: undefined, freq: 2 }) }),
    ({ nonces: store }, { jti, purpose, clientId }, { run }) => store.spend(run + jti, purpose, { clientId }),
  ),
)

const challenges = fc.oneof(
  commands(
    'put',
    fc.record({ id: usual, record: name, ttlMs: fc.oneof(usualMs, shortMs) }),
    (stores, { id, record, ttlMs: keep }, { run }) => stores.challenges.put(run + id, record, keep),
  ),
  commands(
    'keep',
    fc.record({ id: usual, record: name, ttlMs: fc.oneof(usualMs, shortMs) }),
    (stores, { id, record, ttlMs: keep }, { run }) => stores.challenges.keep(run + id, record, keep),
  ),
  commands('read', usual, (stores, id, { run }) => stores.challenges.read(run + id)),
  commands('take', usual, (stores, id, { run }) => stores.challenges.take(run + id)),
)

const families = fc.oneof(
  {
    weight: 2,
    arbitrary: commands(
      'create',
      fc.record({ family: usual, binding: usual, data: name, ttlMs: usualMs }),
      (stores, { family, ...record }, { run }) => stores.families.create({ family: run + family, ...record }),
    ),
  },
  {
    weight: 10,
    arbitrary: commands(
      'rotate',
      fc.record({
        family: usual,
        generation,
        binding: usual,
        retryWindowMs: fc.constantFrom(0, 50_000, 1e9),
        ttlMs: fc.option(usualMs, { nil: undefined, freq: 1 }),
        heal: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      }),
      (stores, { family, ...request }, { run }) => stores.families.rotate({ family: run + family, ...request }),
    ),
  },
  {
    weight: 1,
    arbitrary: commands('revoke', fc.record({ family: usual, reason: name }), (stores, { family, reason }, { run }) =>
      stores.families.revoke(run + family, reason),
    ),
  },
  { weight: 1, arbitrary: commands('find', name, (stores, family, { run }) => stores.families.find(run + family)) },
)

const attempts = fc.oneof(
  {
    weight: 4,
    arbitrary: commands(
      'reserve',
      fc.record({ key: name, limit: fc.integer({ min: 0, max: 3 }), windowMs: fc.oneof(ttlMs, shortMs) }),
      async (stores, { key, ...request }, { run }) => {
        const verdict = await stores.attempts.reserve({ key: run + key, ...request })
        return verdict.ok ? verdict : { ok: false, tells: verdict.retryAfterMs > 0 }
      },
    ),
  },
  { weight: 1, arbitrary: commands('clear', name, (stores, key, { run }) => stores.attempts.clear(run + key)) },
)

const kind = fc.constantFrom<'clients' | 'keys' | 'accounts'>('clients', 'keys')
const revision = fc.integer({ min: 0, max: 3 })

/** A call on one of the document stores. */
function documentCommands<A>(
  call: string,
  args: fc.Arbitrary<A>,
  apply: (store: DocumentStore, args: A, run: string) => Promise<unknown>,
): fc.Arbitrary<ModelCommand> {
  return commands(call, fc.record({ kind, args }), (stores, drawn, { run }) => apply(stores[drawn.kind], drawn.args, run))
}

const address = { collection: name, id: name }
const documents = fc.oneof(
  {
    weight: 3,
    arbitrary: documentCommands(
      'put',
      fc.record({ ...address, value: name, revision, group: fc.constantFrom('g', 'gg', undefined) }),
      (store, { collection, ...change }, run) => store.put({ collection: run + collection, ...change }),
    ),
  },
  {
    weight: 1,
    arbitrary: documentCommands('remove', fc.record({ ...address, revision }), (store, { collection, ...change }, run) =>
      store.remove({ collection: run + collection, ...change }),
    ),
  },
  {
    weight: 2,
    arbitrary: documentCommands('get', fc.record(address), (store, { collection, id }, run) =>
      store.get({ collection: run + collection, id }),
    ),
  },
  {
    weight: 1,
    arbitrary: documentCommands(
      'list',
      fc.record({
        collection: name,
        from: fc.oneof(fc.record({ after: fc.option(name, { nil: undefined }) }), fc.record({ offset: fc.nat(3) })),
        limit: fc.constantFrom(undefined, 1, 2),
        filter: fc.constantFrom(undefined, { group: 'g' }, { group: 'gg' }, { idPrefix: 'a' }),
      }),
      (store, { collection, from, ...query }, run) => store.list({ collection: run + collection, ...from, ...query }),
    ),
  },
  {
    weight: 1,
    arbitrary: documentCommands('count', name, (store, collection, run) => store.count({ collection: run + collection })),
  },
  {
    weight: 1,
    arbitrary: documentCommands('removeMany', fc.array(fc.record({ ...address, revision }), { maxLength: 3 }), (store, changes, run) =>
      store.removeMany(changes.map(({ collection, ...change }) => ({ collection: run + collection, ...change }))),
    ),
  },
)

/** What two stores agree on. */
function comparable(delta: RevocationDelta, cursors: readonly string[]): unknown {
  const records = delta.records.map(({ cursor, entry, ttlMs: keep, reinstated }) => [
    cursors.indexOf(cursor),
    { ...entry },
    keep !== undefined,
    reinstated ?? false,
  ])
  return { lost: delta.lost, cursor: cursors.indexOf(delta.cursor), records }
}

const entry: fc.Arbitrary<RevocationEntry> = fc.oneof(
  fc.record({ type: fc.constant('signing_key' as const), issuer: name, kid: name }),
  fc.record({ type: fc.constant('client' as const), issuer: name, clientId: name }),
)
const revocations = fc.oneof(
  commands(
    'revoke',
    fc.record({ entry, ttlMs: fc.option(fc.oneof(ttlMs, shortMs), { nil: undefined }), reinstated: fc.boolean() }),
    async (stores, { entry: added, ...options }, { cursors }) => {
      cursors.push(await stores.revocations.revoke(added, options))
      return cursors.length
    },
  ),
  commands('since', fc.nat(10), async (stores, at, { cursors }) =>
    comparable(await stores.revocations.since(cursors[at % cursors.length]), cursors),
  ),
  commands('cursor', fc.constant(null), async (stores, _, { cursors }) => cursors.indexOf(await stores.revocations.cursor())),
  commands('compare', fc.tuple(fc.nat(10), fc.nat(10)), async (stores, [a, b], { cursors }) =>
    Math.sign(stores.revocations.compare(cursors[a % cursors.length] ?? '', cursors[b % cursors.length] ?? '')),
  ),
)

/** Calls of each contract, as a model of it draws them. */
export const contractModels: Readonly<Record<string, fc.Arbitrary<ModelCommand>>> = Object.freeze({
  ReplayStore: replay,
  NonceStore: nonces,
  ChallengeStore: challenges,
  RefreshFamilyStore: families,
  AttemptStore: attempts,
  DocumentStore: documents,
  RevocationStore: revocations,
})
