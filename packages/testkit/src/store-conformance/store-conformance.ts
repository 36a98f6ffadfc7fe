import { attemptCases } from './contracts/attempt-cases.js'
import { auditCases } from './contracts/audit-cases.js'
import { challengeCases } from './contracts/challenge-cases.js'
import { documentCases } from './contracts/document-cases.js'
import { documentScanCases } from './contracts/document-scan-cases.js'
import { familyCases } from './contracts/family-cases.js'
import { nonceCases } from './contracts/nonce-cases.js'
import { replayCases } from './contracts/replay-cases.js'
import { revocationCases } from './contracts/revocation-cases.js'
import { revocationPageCases } from './contracts/revocation-page-cases.js'
import { callCases, lostCallCases } from './faults/call-cases.js'
import { clockCases } from './faults/clock-cases.js'
import { isolationCases } from './faults/isolation-cases.js'
import { memoryLossCases } from './faults/memory-loss-cases.js'
import { modelCases } from './faults/model-cases.js'
import { outageCases } from './faults/outage-cases.js'
import { raceCases } from './faults/race-cases.js'
import { readOnlyCases } from './faults/read-only-cases.js'
import type { StoreBackend, StoreCase } from './store-backend.js'
import { casesOf, type DefineCase } from './store-case.js'

/**
 * Everything that an adapter must pass, by contract or property. Run the cases of one process one after the other:
 * some turn the clock of the app.
 *
 * @returns cases for any test runner: `describe.each(groups)('$name', ({ cases }) => it.each(cases)('$name', ({ run }) => run()))`
 */
export function storeConformance<Place>(
  backend: StoreBackend<Place>,
): readonly { readonly name: string; readonly cases: readonly StoreCase[] }[] {
  const define: DefineCase = casesOf(backend)
  const groups = {
    ReplayStore: replayCases(define),
    NonceStore: nonceCases(define),
    ChallengeStore: challengeCases(define),
    RefreshFamilyStore: familyCases(define),
    AttemptStore: attemptCases(define),
    DocumentStore: [...documentCases(define), ...documentScanCases(define)],
    RevocationStore: [...revocationCases(define), ...revocationPageCases(define)],
    AuditStore: auditCases(define),
    races: raceCases(define, backend.openProcess !== undefined),
    clocks: clockCases(define),
    isolation: isolationCases(define, backend.openTenant !== undefined),
    'loss of memory': memoryLossCases(define, backend),
    outages: backend.openBreakable ? outageCases(define) : [],
    'read-only': backend.openReadOnly ? readOnlyCases(define) : [],
    'calls made again': callCases(define),
    'calls that were lost': backend.openBreakable ? lostCallCases(define) : [],
    models: modelCases(define),
  }
  return Object.entries(groups)
    .map(([name, cases]) => ({ name, cases }))
    .filter(({ cases }) => cases.length > 0)
}
