import { globalFetch, isUnavailable, type JwtClaims, mathRandom, wallClock } from '@countersign/core'
import { createSharedSources } from '../issuers/shared-sources.js'
import { createTrust } from '../issuers/trust.js'
import { missingProof, nothingProvable, type Provable, refuseBound } from '../token/confirmation.js'
import { createTokenCache } from '../token/token-cache.js'
import { isKnown, type Verdict } from '../token/verdict.js'
import { createVerifyToken, type Progress, type VerifyToken } from '../token/verify-token.js'
import { publishOutage, publishVerdict, startTimer } from './events.js'
import type { AuthOfIssuers, Issuers, Verifier, VerifierOptions } from './guard-options.js'
import { checkVerifierOptions } from './guard-shape.js'
import { describeIssuer, readinessOf } from './readiness.js'
import { createTenants } from './tenants.js'

/** What a guard builds on: the verifier, and its work without promises where none is needed. */
export interface VerifierParts<I extends Issuers, A extends object> {
  readonly verifier: Verifier<I, A>
  readonly verifyToken: VerifyToken
}

/** Refuses a bound token: without a request, nobody has sent a proof. */
function withoutProof(verdict: Verdict): Verdict {
  const refusal = verdict.ok ? refuseBound(verdict.auth) : undefined
  return verdict.ok && refusal ? { ok: false, refusal, via: verdict.auth.via, cached: verdict.cached } : verdict
}

/**
 * Builds a verifier, and what it verifies tokens with.
 *
 * @param factory - what messages of errors begin with
 */
export function verifierParts<I extends Issuers, A extends object>(
  factory: string,
  options: VerifierOptions<I, string, object>,
  provable: Provable = nothingProvable,
): VerifierParts<I, A> {
  const { resolveIssuer, maxTokenBytes = 8192, revocations, acceptBoundTokens = false } = options
  const { now = wallClock, fetch = globalFetch, random = mathRandom } = options
  const context = { now, fetch, random, shared: createSharedSources(), revocations }
  const trust = createTrust({ factory, issuers: options.issuers, ...context })
  if (resolveIssuer && Object.hasOwn(options.issuers, resolveIssuer.via))
    throw new TypeError(`${factory}: resolveIssuer.via must not be a name in issuers, got ${JSON.stringify(resolveIssuer.via)}`)
  for (const [name, entry] of Object.entries(options.issuers)) {
    const missing = entry?.rule && missingProof(entry.rule, provable)
    if (missing !== undefined)
      throw new TypeError(
        `${factory}: ${missing} must be given, because the entry ${JSON.stringify(name)} requires bound tokens, got undefined`,
      )
  }
  const tenants = resolveIssuer && createTenants(factory, resolveIssuer, context)
  const verifyToken = createVerifyToken({
    find: tenants ? (issuer) => trust.find(issuer) ?? tenants.find(issuer) : trust.find,
    recognise: trust.recognise,
    cache: options.cache === false ? undefined : createTokenCache(options.cache ?? {}),
    revocations,
    maxTokenBytes,
    provable,
    now: context.now,
  })

  async function close(): Promise<void> {
    trust.close()
    tenants?.close()
  }

  const verifier: Verifier<I, A> = {
    async verify(token) {
      const startedAt = startTimer()
      const progress: Progress = { via: undefined }
      try {
        const verified = verifyToken(token, progress)
        const known = isKnown(verified) ? verified : await verified
        const verdict = acceptBoundTokens ? known : withoutProof(known)
        publishVerdict(verdict, startedAt)
        // The entries of `issuers` made the Auth: its type follows from theirs.
        return verdict.ok ? { ok: true, auth: verdict.auth as unknown as A } : { ok: false, refusal: verdict.refusal }
      } catch (error) {
        if (isUnavailable(error)) publishOutage(error, progress.via, startedAt)
        throw error
      }
    },
    setIssuer: (name, entry) => trust.set(name, entry),
    removeIssuer: (name) => trust.remove(name),
    issuers: () => [...new Set(trust.all().map(({ issuer }) => issuer))],
    describe: () => trust.all().map(describeIssuer),
    ready: (how) => readinessOf(trust.all(), revocations, how),
    close,
    [Symbol.asyncDispose]: close,
  }
  return { verifier, verifyToken }
}

/** Who accepts bound tokens without a proof shows them, or demands the proof. */
const bindings = ({ acceptBoundTokens = false }: Pick<VerifierOptions, 'acceptBoundTokens'>): Provable => ({
  dpop: acceptBoundTokens,
  certificate: acceptBoundTokens,
})

/**
 * Verifies tokens of several issuers, each under its own rules, without HTTP.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createVerifier<const I extends Issuers, const Via extends string = never, Claims extends object = JwtClaims>(
  options: VerifierOptions<I, Via, Claims>,
): Verifier<I, AuthOfIssuers<I, Via, Claims>> {
  checkVerifierOptions(options)
  return verifierParts<I, AuthOfIssuers<I, Via, Claims>>('createVerifier', options, bindings(options)).verifier
}
