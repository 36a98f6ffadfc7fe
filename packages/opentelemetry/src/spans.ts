import { onEvent, wallClock } from '@countersign/core'
import { type Attributes, SpanStatusCode, type TracerProvider } from '@opentelemetry/api'

/** What a span tells of an event: an outage of ours is an error, a refused client is not. */
interface Ended {
  readonly name: string
  readonly durationMs: number
  readonly outcome: string
  readonly isFailed: boolean
  readonly attributes: Attributes
}

/** Attributes without those that are undefined. Their values are names of the host's own and values of closed lists. */
function attributesOf(named: Readonly<Record<string, string | undefined>>): Attributes {
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

/**
 * Makes a span of each load of keys, of each question to an introspection endpoint, and of each request to an endpoint of ours. An event comes when the work has ended, within the context of the
 * request that waited for it: so the span begins in the past, and is a child of that request's span.
 *
 * @returns a function that ends it
 */
export function recordSpans(provider: TracerProvider): () => void {
  const tracer = provider.getTracer('@countersign/opentelemetry')

  function record({ name, durationMs, outcome, isFailed, attributes }: Ended): void {
    const endedAt = wallClock()
    const span = tracer.startSpan(name, {
      startTime: endedAt - durationMs,
      attributes: { ...attributes, 'countersign.outcome': outcome, ...(isFailed && { 'error.type': outcome }) },
    })
    if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(endedAt)
  }

  const endpoint = (
    name: string,
    { outcome, reason, durationMs, cause }: { outcome: string; reason?: string; durationMs: number; cause?: unknown },
  ): void =>
    record({
      name,
      durationMs,
      outcome,
      isFailed: cause !== undefined,
      attributes: attributesOf({ 'countersign.reason': reason }),
    })

  const ends = [
    onEvent('countersign:key-source', ({ via, outcome, durationMs }) =>
      record({
        name: `countersign.key_source.load ${via}`,
        durationMs,
        outcome,
        isFailed: outcome === 'failed',
        attributes: { 'countersign.via': via },
      }),
    ),
    onEvent('countersign:introspected', ({ via, outcome, durationMs }) =>
      record({
        name: `countersign.introspect ${via}`,
        durationMs,
        outcome,
        isFailed: outcome === 'failed' || outcome === 'limited',
        attributes: { 'countersign.via': via },
      }),
    ),
    onEvent('countersign:token', ({ grant, outcome, durationMs, cause }) =>
      record({
        name: `countersign.token ${grant ?? 'unknown'}`,
        durationMs,
        outcome,
        isFailed: cause !== undefined,
        attributes: attributesOf({ 'countersign.grant_type': grant }),
      }),
    ),
    onEvent('countersign:introspection', (event) => endpoint('countersign.introspection', event)),
    onEvent('countersign:token-revocation', (event) => endpoint('countersign.token_revocation', event)),
  ]
  return () => {
    for (const end of ends) end()
  }
}
