import { type CreateApp, expressApps, koaApps } from './guard-apps.js'
import { observedApps } from './observed-apps.js'

/** Apps that are measured in turn, by the name of their bench. */
interface Family {
  readonly apps: Readonly<Record<string, CreateApp>>
  /** The app that is 1. */
  readonly baseline: string
}

const families: Readonly<Record<string, Family>> = {
  'guard-koa': { apps: koaApps, baseline: 'unguarded' },
  'guard-express': { apps: expressApps, baseline: 'unguarded' },
  'observability-koa': { apps: observedApps.koa, baseline: 'guarded' },
  'observability-express': { apps: observedApps.express, baseline: 'guarded' },
}

/** The apps of a bench. */
export function familyOf(bench: string): Family {
  const family = families[bench]
  if (family === undefined) throw new TypeError(`no bench of apps is called ${bench}`)
  return family
}
