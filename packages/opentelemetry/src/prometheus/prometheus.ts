import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { Counter, Gauge, register as globalRegister, Histogram, type Registry } from 'prom-client'
import { type Collector, createCollector, type MetricsOptions, metricsShape } from '../metrics/collect.js'
import { durationBounds, type Metric, type MetricId, metricList } from '../metrics/metric-list.js'
import type { LabelValues } from '../metrics/series.js'

/** The options of {@link prometheus}. */
export interface PrometheusOptions extends MetricsOptions {
  /** Holds the metrics. @defaultValue `register` of prom-client, which is the global one */
  readonly register?: Registry
}

const shape: OptionShape<PrometheusOptions> = {
  ...metricsShape,
  register: kind.having('a Registry of prom-client', 'registerMetric', 'removeSingleMetric'),
}

const labelsOf = (labels: readonly string[], values: LabelValues): Record<string, string> =>
  Object.fromEntries(labels.map((label, at) => [label, values[at] ?? '']))

/** As the exporter of OpenTelemetry names it. */
const nameOf = ({ name, kind: type }: Metric): string => `${name.replaceAll('.', '_')}${type === 'counter' ? '_total' : ''}`

/** A counter or a gauge that is filled whenever somebody reads the registry. */
function observe(id: MetricId, metric: Metric, collector: Collector, register: Registry): void {
  const { help, labels } = metric
  const common = { name: nameOf(metric), help, labelNames: [...labels], registers: [register] }
  const samples = (): readonly [Record<string, string>, number][] =>
    collector.samples(id).map(({ values, value }) => [labelsOf(labels, values), value])
  if (metric.kind === 'counter') {
    const counter = new Counter({
      ...common,
      collect() {
        counter.reset()
        for (const [named, value] of samples()) counter.inc(named, value)
      },
    })
  } else {
    const gauge = new Gauge({
      ...common,
      collect() {
        gauge.reset()
        for (const [named, value] of samples()) gauge.set(named, value)
      },
    })
  }
}

/**
 * Exports metrics of this process through prom-client. The names are those that OpenTelemetry's exporter for Prometheus makes, so one
 * dashboard fits both. Requests add to plain numbers, which are read when the registry is read.
 *
 * @returns a function that ends it and takes the metrics out of the registry
 * @throws TypeError for an option that is unknown or wrong; Error if the registry has these metrics already
 * @example
 * ```ts
 * import { prometheus } from '@countersign/opentelemetry/prometheus'
 * import { register } from 'prom-client'
 *
 * const end = prometheus()
 * console.log((await register.metrics()).includes('countersign_guard_accepted_total')) // → true
 * ```
 */
export function prometheus(options: PrometheusOptions = {}): () => void {
  checkOptions('prometheus', options, shape)
  const { register = globalRegister } = options
  const collector = createCollector(options)
  const histograms = new Map<MetricId, Histogram>()
  for (const [id, metric] of Object.entries(metricList) as [MetricId, Metric][]) {
    if (metric.kind !== 'histogram') observe(id, metric, collector, register)
    else {
      const { help, labels } = metric
      const buckets = [...durationBounds]
      histograms.set(id, new Histogram({ name: nameOf(metric), help, labelNames: [...labels], buckets, registers: [register] }))
    }
  }
  const stop = collector.start((id, seconds, values) => histograms.get(id)?.observe(labelsOf(metricList[id].labels, values), seconds))
  return () => {
    stop()
    for (const metric of Object.values(metricList)) register.removeSingleMetric(nameOf(metric))
  }
}
