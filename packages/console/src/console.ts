import { randomBytes } from 'node:crypto'
import { type Auth, type RouteTable, secretsReader, wallClock } from '@countersign/core'
import { assetsAt } from './assets/assets.js'
import { type ConsoleOptions, checkConsoleOptions, secretRules } from './options.js'
import { enrollmentsPage } from './pages/enrollments.js'
import { entitiesPage } from './pages/entities.js'
import { integrationPage } from './pages/integration.js'
import { integrationChanges } from './pages/integration-changes.js'
import { integrationList } from './pages/integration-list.js'
import type { Change, Screen } from './screen/screen.js'
import { createFormTokens } from './security/form-tokens.js'
import { seeOther } from './security/page-reply.js'
import { routesOf } from './serve.js'

/**
 * The pages of a console, for the `routes` of a mount, without a prefix. Operators see and change everything; people who act for entities see and change
 * what the policies of the integrations let them. Every change is in the audit log with the id of who made it.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createConsole<A extends Auth = Auth, R = unknown>(options: ConsoleOptions<A, R>): RouteTable {
  checkConsoleOptions(options)
  const { parts, basePath = '/console' } = options
  const now = options.now ?? wallClock
  const secrets = secretsReader('createConsole', 'secrets', options.secrets, secretRules)
  const tokens = createFormTokens({ secrets, now, randomBytes: options.randomBytes ?? randomBytes })
  const { integrations } = parts
  const screens: readonly Screen<A>[] = integrations
    ? [entitiesPage<A>(), integrationList(integrations), integrationPage(integrations), enrollmentsPage(integrations)]
    : []
  const changes: readonly Change<A>[] = integrations ? integrationChanges(integrations) : []
  const nav = screens.flatMap((screen) => (screen.nav === undefined ? [] : [{ ...screen, nav: screen.nav }]))
  const context = { options, basePath, assets: assetsAt(basePath), tokens, now, nav }
  const toFirst = async () => seeOther(`${basePath}${nav[0]?.path ?? ''}`)
  return [
    { method: 'GET', path: basePath, endpoint: toFirst },
    { method: 'GET', path: `${basePath}/`, endpoint: toFirst },
    ...routesOf(context, { screens, changes }),
  ]
}
