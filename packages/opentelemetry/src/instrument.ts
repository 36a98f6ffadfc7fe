import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { type Attributes, type MeterProvider, metrics, type Observable, type TracerProvider, trace } from '@opentelemetry/api'
import { createCollector, type MetricsOptions, metricsShape } from './metrics/collect.js'
import { durationBounds, type Metric, type MetricId, metricList } from './metrics/metric-list.js'
import type { LabelValues } from './metrics/series.js'
import { recordSpans } from './spans.js'

/** The options of {@link instrument}. */
export interface InstrumentOptions extends MetricsOptions {
  /** Makes the instruments. @defaultValue the global one: `metrics.getMeterProvider()` at this call */
  readonly meterProvider?: MeterProvider
  /** Makes the spans. @defaultValue the global one: `trace.getTracerProvider()` at this call */
  readonly tracerProvider?: TracerProvider
}

const shape: OptionShape<InstrumentOptions> = {
  ...metricsShape,
  meterProvider: kind.having('a MeterProvider of OpenTelemetry', 'getMeter'),
  tracerProvider: kind.having('a TracerProvider of OpenTelemetry', 'getTracer'),
}

const attributesOf = (labels: readonly string[], values: LabelValues): Attributes =>
  Object.fromEntries(labels.map((label, at) => [label, values[at]]))

/**
 * Exports metrics and spans of this process through OpenTelemetry. Call it once, after the OpenTelemetry SDK was started: the API hands out
 * instruments without effect before that. Requests add to plain numbers, which are read when the SDK collects. A load of keys and a request
 * to an endpoint become a span, below the span of the request that waited.
 *
 * @returns a function that ends it
 * @throws TypeError for an option that is unknown or wrong
 * @example
 * ```ts
 * import { instrument } from '@countersign/opentelemetry'
 *
 * const end = instrument()
 * ```
 */
export function instrument(options: InstrumentOptions = {}): () => void {
  checkOptions('instrument', options, shape)
  const { meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider() } = options
  const meter = meterProvider.getMeter('@countersign/opentelemetry')
  const collector = createCollector(options)
  const all = Object.entries(metricList) as [MetricId, Metric][]
  const describe = ({ help, unit }: Metric): { description: string; unit?: string } => ({ description: help, ...(unit && { unit }) })

  const observed = all.flatMap(([id, metric]): { id: MetricId; metric: Metric; instrument: Observable }[] => {
    if (metric.kind === 'histogram') return []
    const make = metric.kind === 'counter' ? 'createObservableCounter' : 'createObservableGauge'
    return [{ id, metric, instrument: meter[make](metric.name, describe(metric)) }]
  })
  const histograms = new Map(
    all
      .filter(([, metric]) => metric.kind === 'histogram')
      .map(([id, metric]) => [
        id,
        meter.createHistogram(metric.name, { ...describe(metric), advice: { explicitBucketBoundaries: [...durationBounds] } }),
      ]),
  )

  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    for (const { id, metric, instrument: observable } of observed)
      for (const { values, value } of collector.samples(id)) result.observe(observable, value, attributesOf(metric.labels, values))
  }
  const instruments = observed.map((one) => one.instrument)
  meter.addBatchObservableCallback(observe, instruments)
  const stop = collector.start((id, seconds, values) => histograms.get(id)?.record(seconds, attributesOf(metricList[id].labels, values)))
  const stopSpans = recordSpans(tracerProvider)
  return () => {
    stop()
    stopSpans()
    meter.removeBatchObservableCallback(observe, instruments)
  }
}
