import { instrument } from '@countersign/opentelemetry'
import { prometheus } from '@countersign/opentelemetry/prometheus'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { Registry } from 'prom-client'

/** One way to export, under test. */
export interface Exporter {
  /** Everything that is exported now, as Prometheus reads it: the value by name and labels. */
  read(): Promise<ReadonlyMap<string, number>>
  end(): void
}

class PullReader extends MetricReader {
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

/** Labels that the exporter of OpenTelemetry adds to every line. */
const added = /^otel_scope_/

/** `name{a="1",b="2"}`, with the labels in the order of the alphabet, and the value. */
function linesOf(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const line of text.split('\n')) {
    const parts = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line)
    if (parts === null || line.startsWith('#')) continue
    const [, name = '', labels = '', value = ''] = parts
    const kept = [...labels.matchAll(/(\w+)="([^"]*)"/g)].filter(([, label = '']) => !added.test(label)).map(([pair]) => pair)
    found.set(kept.length === 0 ? name : `${name}{${kept.sort().join(',')}}`, Number(value))
  }
  return found
}

type Options = NonNullable<Parameters<typeof instrument>[0]>

/** The real SDK of OpenTelemetry, with the text that its exporter for Prometheus serves. */
export function withOpenTelemetry(options: Options = {}): Exporter {
  const reader = new PullReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const end = instrument({ meterProvider, ...options })
  return {
    async read() {
      const { resourceMetrics, errors } = await reader.collect()
      if (errors.length > 0) throw new AggregateError(errors)
      return linesOf(new PrometheusSerializer().serialize(resourceMetrics))
    },
    end,
  }
}

/** The real prom-client. */
export function withPromClient(options: Omit<Options, 'meterProvider'> = {}): Exporter {
  const register = new Registry()
  const end = prometheus({ register, ...options })
  return { read: async () => linesOf(await register.metrics()), end }
}

/** Both ways, by name. */
export const exporters: readonly (readonly [string, (options?: Omit<Options, 'meterProvider'>) => Exporter])[] = [
  ['OpenTelemetry', withOpenTelemetry],
  ['prom-client', withPromClient],
]
