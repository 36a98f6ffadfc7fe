import { AsyncLocalStorage } from 'node:async_hooks'
import { eventChannel } from '@countersign/core'
import { instrument } from '@countersign/opentelemetry'
import { createFakeIssuer, signToken, testKeys } from '@countersign/testkit'
import { createGuard, jwks } from '@countersign/verifier'
import { type Context, type ContextManager, context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { describe, expect, it, onTestFinished } from 'vitest'

const audience = 'https://api.example'

/** The context of a request, kept over promises as the SDK for Node keeps it. */
function createContextManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>()
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => storage.run(active, () => run.apply(self, args)),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  return manager
}

function exported() {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const end = instrument({ tracerProvider })
  onTestFinished(end)
  return { tracerProvider, end, spans: () => exporter.getFinishedSpans() }
}

const told = ({ name, attributes, status }: ReadableSpan): object => ({ name, attributes, isError: status.code === SpanStatusCode.ERROR })

describe('spans', () => {
  it('show the load of keys below the request that waited for it', async () => {
    context.setGlobalContextManager(createContextManager())
    onTestFinished(() => context.disable())
    const { tracerProvider, spans } = exported()
    await using issuer = await createFakeIssuer({ keys: [testKeys.es256] })
    const guard = createGuard({
      issuers: { partner: jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['ES256'], audience }) },
    })
    onTestFinished(() => guard.close())
    const exp = Math.floor(Date.now() / 1_000) + 600
    const token = await signToken({ key: testKeys.es256, claims: { iss: issuer.issuer, aud: audience, sub: 'somebody', exp } })
    const request = tracerProvider.getTracer('host').startSpan('GET /me')
    const before = Date.now()
    const result = await context.with(trace.setSpan(ROOT_CONTEXT, request), () =>
      guard.check({ headers: { authorization: `Bearer ${token}` } }),
    )
    request.end()
    expect(result.ok).toBe(true)

    const load = spans().find(({ name }) => name.startsWith('countersign.'))
    expect(load && told(load)).toEqual({
      name: 'countersign.key_source.load partner',
      attributes: { 'countersign.via': 'partner', 'countersign.outcome': 'loaded' },
      isError: false,
    })
    expect(load?.parentSpanContext?.spanId).toBe(request.spanContext().spanId)
    expect(load?.spanContext().traceId).toBe(request.spanContext().traceId)
    const [seconds = 0, nanoseconds = 0] = load?.startTime ?? []
    expect(seconds * 1_000 + nanoseconds / 1_000_000).toBeGreaterThan(before - 1_000)
    const [, duration = 0] = load?.duration ?? []
    expect(duration).toBeGreaterThan(0)
  })

  it('show an outage as an error, and a refusal as none', () => {
    const { spans } = exported()
    const cause = new Error('secret of a host: 10.0.0.1')
    eventChannel('countersign:key-source').publish({ via: 'partner', outcome: 'failed', keys: 0, durationMs: 250, cause })
    for (const outcome of ['inactive', 'failed'] as const)
      eventChannel('countersign:introspected').publish({ via: 'opaque', outcome, durationMs: 5, cause })
    eventChannel('countersign:token').publish({ outcome: 'issued', grant: 'client_credentials', clientId: 'c', durationMs: 20 })
    eventChannel('countersign:token').publish({ outcome: 'malformed_request', durationMs: 1 })
    eventChannel('countersign:token').publish({ outcome: 'store_unavailable', grant: 'refresh_token', durationMs: 1, cause })
    eventChannel('countersign:introspection').publish({ outcome: 'inactive', reason: 'expired', jti: 'j', durationMs: 1 })
    eventChannel('countersign:token-revocation').publish({ outcome: 'revoked', clientId: 'c', subject: 's', durationMs: 1 })
    expect(spans().map(told)).toEqual([
      {
        name: 'countersign.key_source.load partner',
        attributes: { 'countersign.via': 'partner', 'countersign.outcome': 'failed', 'error.type': 'failed' },
        isError: true,
      },
      {
        name: 'countersign.introspect opaque',
        attributes: { 'countersign.via': 'opaque', 'countersign.outcome': 'inactive' },
        isError: false,
      },
      {
        name: 'countersign.introspect opaque',
        attributes: { 'countersign.via': 'opaque', 'countersign.outcome': 'failed', 'error.type': 'failed' },
        isError: true,
      },
      {
        name: 'countersign.token client_credentials',
        attributes: { 'countersign.grant_type': 'client_credentials', 'countersign.outcome': 'issued' },
        isError: false,
      },
      { name: 'countersign.token unknown', attributes: { 'countersign.outcome': 'malformed_request' }, isError: false },
      {
        name: 'countersign.token refresh_token',
        attributes: {
          'countersign.grant_type': 'refresh_token',
          'countersign.outcome': 'store_unavailable',
          'error.type': 'store_unavailable',
        },
        isError: true,
      },
      {
        name: 'countersign.introspection',
        attributes: { 'countersign.outcome': 'inactive', 'countersign.reason': 'expired' },
        isError: false,
      },
      { name: 'countersign.token_revocation', attributes: { 'countersign.outcome': 'revoked' }, isError: false },
    ])
    const [failed] = spans()
    expect(failed?.duration).toEqual([0, 250_000_000])
    expect(JSON.stringify(spans().map(({ attributes, events, status }) => ({ attributes, events, status })))).not.toContain('10.0.0.1')
  })

  it('end with the instrumentation, and take nothing that makes no spans', () => {
    const { end, spans } = exported()
    end()
    eventChannel('countersign:token').publish({ outcome: 'issued', grant: 'client_credentials', durationMs: 20 })
    expect(spans()).toEqual([])
    expect(() => instrument({ tracerProvider: {} as never })).toThrow(
      'instrument: tracerProvider must be a TracerProvider of OpenTelemetry',
    )
  })
})
