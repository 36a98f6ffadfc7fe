import { randomBytes } from 'node:crypto'
import { type Auth, type Now, type RouteTable, secretsReader, wallClock } from '@countersign/core'
import { assetsAt } from './assets/assets.js'
import { type ConsoleOptions, consoleParts, secretRules } from './options.js'
import { clientPage } from './pages/clients/client.js'
import { clientChanges } from './pages/clients/client-changes.js'
import { clientKeyChanges } from './pages/clients/client-key-changes.js'
import { clientList } from './pages/clients/client-list.js'
import { enrollmentsPage } from './pages/integrations/enrollments.js'
import { entitiesPage } from './pages/integrations/entities.js'
import { integrationPage } from './pages/integrations/integration.js'
import { integrationChanges } from './pages/integrations/integration-changes.js'
import { integrationList } from './pages/integrations/integration-list.js'
import { keyChanges } from './pages/keys/key-changes.js'
import { keysPage } from './pages/keys/keys.js'
import { auditPage } from './pages/watch/audit.js'
import { explainChange, explainPage } from './pages/watch/explain.js'
import { overviewPage } from './pages/watch/overview.js'
import { createRates, type Rates } from './pages/watch/rates.js'
import { revocationChanges, revocationsPage } from './pages/watch/revocations.js'
import { shadowPage } from './pages/watch/shadow.js'
import type { KnownParts } from './screen/parts.js'
import { createFormTokens } from './security/form-tokens.js'
import { routesOf, type Served } from './serve.js'

/** The routes of a console, and how it is closed. */
export type Console = RouteTable & {
  /** Ends the counting of requests. */
  close(): void
}

/** The pages of the parts that are there, in the order of the navigation. */
function servedOf<A extends Auth>(parts: KnownParts<A>, rates: Rates): Served<A> {
  const { integrations, clients, keys, revocations, revocationStore, audit, ready, shadowReport } = parts
  return {
    screens: [
      overviewPage<A>(rates, ready),
      ...(integrations
        ? [entitiesPage<A>(), integrationList(integrations), integrationPage(integrations), enrollmentsPage(integrations)]
        : []),
      ...(clients ? [clientList<A>(clients), clientPage<A>(clients, keys)] : []),
      ...(keys ? [keysPage<A>(keys)] : []),
      ...(revocationStore ? [revocationsPage<A>(parts)] : []),
      ...(audit ? [auditPage<A>(audit)] : []),
      ...(shadowReport ? [shadowPage<A>(shadowReport)] : []),
      explainPage<A>(),
    ],
    changes: [
      ...(integrations ? integrationChanges(integrations) : []),
      ...(clients ? clientChanges<A>(clients) : []),
      ...(clients && keys ? clientKeyChanges<A>(keys) : []),
      ...(keys ? keyChanges<A>(keys) : []),
      ...(revocations ? revocationChanges<A>(revocations) : []),
      explainChange<A>(),
    ],
  }
}

/**
 * The pages of a console, for the `routes` of a mount, without a prefix. Operators see and change everything; people who act for entities see and change
 * what the policies of the integrations let them. Every change is in the audit log with the id of who made it.
 *
 * @throws TypeError if an option is missing or wrong
 * @example
 * import { createConsole } from '@countersign/console'
 * import { memoryStores } from '@countersign/core/memory'
 * import { randomBytes } from 'node:crypto'
 *
 * const { audit, replay } = memoryStores()
 * const table = createConsole({
 *   parts: { audit, replay },
 *   operator: () => ({ role: 'operator', id: 'ada' }), // the host knows who is signed in
 *   secrets: { current: { id: '1', secret: randomBytes(32) } },
 * })
 * console.log(table.some(({ path }) => path === '/console/audit')) // → true
 * table.close()
 */
export function createConsole<A extends Auth = Auth, R = unknown>(options: ConsoleOptions<A, R>): Console {
  const parts = consoleParts(options)
  const { basePath = '/console' } = options
  const now: Now = options.now ?? wallClock
  const secrets = secretsReader('createConsole', 'secrets', options.secrets, secretRules)
  const tokens = createFormTokens({ secrets, now, randomBytes: options.randomBytes ?? randomBytes })
  const rates = createRates(now)
  const served = servedOf(parts, rates)
  const nav = served.screens.flatMap((screen) => (screen.nav === undefined ? [] : [{ ...screen, nav: screen.nav }]))
  const context = { options, parts, basePath, assets: assetsAt(basePath), tokens, now, nav }
  const routes = routesOf(context, served)

  return Object.assign([...routes], { close: () => rates.close() })
}
