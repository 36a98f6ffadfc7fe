import { createElapsed, type Events, type Instant, kind, mathRandom, type OptionShape, onEvent, wallClock } from '@countersign/core'
import { type MetricId, metricList } from './metric-list.js'
import { createSeries, type LabelValues, type Sample, type Series } from './series.js'

/** What both ways to export have in common. */
export interface MetricsOptions {
  /**
   * The duration of one in this many requests to a guard is recorded; 1 records each. A histogram costs more than a counter.
   *
   * @defaultValue 16
   */
  readonly guardDurationsOneIn?: number
  /** Gives a number from 0 to 1, to choose those requests. @defaultValue `Math.random` */
  readonly random?: () => number
}

/** The kinds of {@link MetricsOptions}. */
export const metricsShape: OptionShape<MetricsOptions> = { guardDurationsOneIn: kind.count, random: kind.func }

/** The numbers of this process, counted from events. */
export interface Collector {
  /** The numbers of a counter or a gauge as they are now. */
  samples(id: MetricId): readonly Sample[]
  /**
   * Begins to count.
   *
   * @param record - takes one duration of a histogram, in seconds
   * @returns a function that ends it
   */
  start(record: (id: MetricId, seconds: number, values: LabelValues) => void): () => void
}

/** What has no name of the host's is one value: 10,000 unknown issuers are one series. */
const nameOf = (value: string | undefined): string => value ?? 'unknown'
const orNone = (value: string | undefined): string => value ?? 'none'

type Listener<N extends keyof Events> = (event: Events[N]) => void
type Listeners = { readonly [N in keyof Events]: Listener<N> }

/** Makes the numbers of one exporter. It listens to nothing before `start`. */
export function createCollector({ guardDurationsOneIn = 16, random = mathRandom }: MetricsOptions): Collector {
  const elapsed = createElapsed(wallClock)
  const ids = Object.keys(metricList) as MetricId[]
  const series = Object.fromEntries(ids.map((id) => [id, createSeries()])) as Record<MetricId, Series>
  // An alert must see the first one: without a zero before it, Prometheus sees no increase.
  series.tokens.add(['refresh_token', 'refresh_reused'], 0)
  series.staleViews.set([], 0)
  const loadedAt = new Map<string, Instant>()
  const stale = { views: 0 }
  const isChosen = (): boolean => guardDurationsOneIn === 1 || random() * guardDurationsOneIn < 1

  function keysLoaded(via: string, keys: number): void {
    loadedAt.set(via, elapsed.read())
    series.keys.set([via], keys)
  }

  function issuerRemoved(via: string): void {
    loadedAt.delete(via)
    series.keys.remove([via])
    series.keyAge.remove([via])
  }

  function viewChanged(by: number): void {
    stale.views = Math.max(0, stale.views + by)
    series.staleViews.set([], stale.views)
  }

  const listeners = (record: Parameters<Collector['start']>[0]): Listeners => ({
    'countersign:accepted': ({ via, cached, durationMs }) => {
      series.accepted.add([nameOf(via), String(cached)], 1)
      if (isChosen()) record('guardDuration', durationMs / 1_000, ['accepted', String(cached)])
    },
    'countersign:refused': ({ via, reason, cached, durationMs }) => {
      series.refused.add([nameOf(via), reason], 1)
      if (isChosen()) record('guardDuration', durationMs / 1_000, ['refused', String(cached)])
    },
    'countersign:anonymous': ({ durationMs }) => {
      series.anonymous.add([], 1)
      if (isChosen()) record('guardDuration', durationMs / 1_000, ['anonymous', 'false'])
    },
    'countersign:key-source': ({ via, outcome, keys, durationMs }) => {
      series.keyLoads.add([nameOf(via), outcome], 1)
      record('keyDuration', durationMs / 1_000, [outcome])
      if (outcome !== 'failed') keysLoaded(nameOf(via), keys)
    },
    'countersign:revocation': ({ outcome, type }) => {
      series.revocations.add([outcome, orNone(type)], 1)
      if (outcome === 'stale') viewChanged(1)
      if (outcome === 'recovered') viewChanged(-1)
    },
    'countersign:issuer': ({ outcome, via }) => {
      series.issuers.add([nameOf(via), outcome], 1)
      if (outcome === 'removed') issuerRemoved(nameOf(via))
    },
    'countersign:key': ({ action, outcome }) => series.ourKeys.add([action, outcome], 1),
    'countersign:nonce': ({ action, outcome }) => series.nonces.add([action, outcome], 1),
    'countersign:token': ({ grant, outcome, durationMs }) => {
      series.tokens.add([nameOf(grant), outcome], 1)
      record('tokenDuration', durationMs / 1_000, [nameOf(grant)])
    },
    'countersign:client': ({ action, outcome }) => series.clients.add([action, outcome], 1),
    'countersign:token-revocation': ({ outcome }) => series.tokenRevocations.add([outcome], 1),
    'countersign:introspection': ({ outcome, reason }) => series.introspections.add([outcome, orNone(reason)], 1),
    'countersign:introspected': ({ via, outcome }) => series.introspected.add([nameOf(via), outcome], 1),
    'countersign:integration': ({ action, outcome }) => series.integrations.add([action, outcome], 1),
    'countersign:dpop': ({ outcome }) => series.dpop.add([outcome], 1),
    'countersign:shadow': ({ via, old, new: found, reason }) =>
      series.shadow.add([nameOf(via), old ?? 'unknown', found, orNone(reason)], 1),
    'countersign:audit': ({ outcome, count }) => series.audit.add([outcome], count),
  })

  return {
    samples(id) {
      if (id === 'keyAge') for (const [via, at] of loadedAt) series.keyAge.set([via], elapsed.msSince(at) / 1_000)
      return series[id].samples()
    },
    start(record) {
      const all = listeners(record)
      const listen = <N extends keyof Events>(name: N): (() => void) => onEvent(name, all[name])
      const ends = (Object.keys(all) as (keyof Events)[]).map((name) => listen(name))
      return () => {
        for (const end of ends) end()
      }
    },
  }
}
