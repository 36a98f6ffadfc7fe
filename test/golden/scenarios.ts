import type { Scenario } from './scenario.js'
import { accounts } from './scenarios/accounts.js'
import { assertions } from './scenarios/assertions.js'
import { clientCredentials } from './scenarios/client-credentials.js'
import { guards } from './scenarios/guards.js'
import { nonces } from './scenarios/nonces.js'
import { auditedOf, limits, outagesOf, tenants } from './scenarios/operations.js'
import { password } from './scenarios/password.js'
import { published } from './scenarios/published.js'
import { refresh } from './scenarios/refresh.js'
import { tokenStatus } from './scenarios/token-status.js'

/** All of them. */
export const scenarios: readonly Scenario[] = [
  clientCredentials,
  assertions,
  password,
  refresh,
  tokenStatus,
  published,
  nonces,
  guards,
  accounts,
  limits,
  outagesOf(),
  auditedOf(),
  tenants,
]
