import { attemptCases } from './attempt-cases.js'
import { callCases, lostCallCases } from './call-cases.js'
import { challengeCases } from './challenge-cases.js'
import { clockCases } from './clock-cases.js'
import { documentCases } from './document-cases.js'
import { familyCases } from './family-cases.js'
import { isolationCases } from './isolation-cases.js'
import { memoryLossCases } from './memory-loss-cases.js'
import { modelCases } from './model-cases.js'
import { nonceCases } from './nonce-cases.js'
import { outageCases } from './outage-cases.js'
import { raceCases } from './race-cases.js'
import { readOnlyCases } from './read-only-cases.js'
import { replayCases } from './replay-cases.js'
import { revocationCases } from './revocation-cases.js'
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
    DocumentStore: documentCases(define),
    RevocationStore: revocationCases(define),
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
