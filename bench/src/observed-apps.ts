import type { RequestListener } from 'node:http'
import { instrument } from '@countersign/opentelemetry'
import { prometheus } from '@countersign/opentelemetry/prometheus'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { register } from 'prom-client'
import { type CreateApp, expressApps, koaApps } from './guard-apps.js'

/** Milliseconds between two readings of all metrics: more often than a monitoring reads them. */
const readEveryMs = 1_000

function readAgainAndAgain(read: () => Promise<unknown>): void {
  setInterval(() => void read(), readEveryMs).unref()
}

function withPromClient(): void {
  prometheus()
  readAgainAndAgain(() => register.metrics())
}

class PullReader extends MetricReader {
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

function withOpenTelemetry(): void {
  const reader = new PullReader()
  instrument({ meterProvider: new MeterProvider({ readers: [reader] }), tracerProvider: new BasicTracerProvider() })
  readAgainAndAgain(() => reader.collect())
}

type Apps = Readonly<Record<string, CreateApp>>

/** The guarded app with its cache, after something began to listen to its events. */
function observed(apps: Apps, listen: () => void): CreateApp {
  return async (url): Promise<RequestListener> => {
    listen()
    return (apps['countersign cached'] as CreateApp)(url)
  }
}

function observedOf(apps: Apps): Apps {
  const none = (): void => undefined
  return {
    unguarded: apps.unguarded as CreateApp,
    guarded: observed(apps, none),
    'guarded, again': observed(apps, none),
    'guarded, prom-client': observed(apps, withPromClient),
    'guarded, OpenTelemetry': observed(apps, withOpenTelemetry),
  }
}

/** Guarded apps that differ in who listens to their events. */
export const observedApps: Readonly<Record<'express' | 'koa', Apps>> = { express: observedOf(expressApps), koa: observedOf(koaApps) }
