import type { Auth, Guard, Requirement } from './auth.js'
import type { FetchRequest, WireRequest } from './http.js'
import type { Reason, RefusalDetail } from './refusal.js'

/** What a guard would answer to a request. */
export interface DryRun {
  /** `unavailable`: the answer would be 503. `unknown`: a source of opaque tokens would have to be asked, and a dry run asks none. */
  readonly outcome: 'admitted' | 'refused' | 'unavailable' | 'unknown'
  /** Undefined for an admitted request, and where the answer is not known. */
  readonly reason: Reason | undefined
  readonly detail: RefusalDetail | undefined
  /** The name of the issuer entry, as soon as it is known. */
  readonly via: string | undefined
  /** The exact `iss`; of a refused token it is not verified, and at most 200 characters are here. */
  readonly issuer: string | undefined
}

/** What a token says of its sender. Nothing of it is verified. */
export interface ClaimedSender {
  readonly issuer: string | undefined
  readonly clientId: string | undefined
  readonly subject: string | undefined
}

/** A guard that can be asked without effect. What `createGuard` returns is one. */
export interface DryRunGuard<A extends Auth<string, object> = Auth> extends Guard<A> {
  /**
   * What `check` would answer, without its effects: no DPoP proof is used up, no introspection endpoint and no store of API keys is asked, no budget is used, nothing is
   * noted for `authOf`, and no event of the guard is published. Keys are fetched, and requirements are called.
   *
   * @param request - as for `check`
   * @param requirements - what the route demands, in order
   * @returns rejects only for a fault of the program
   * @throws TypeError if `request.headers` are not header fields
   * @example
   * ```ts fragment
   * const { outcome, reason } = await guard.dryRun(req, requireScopes('read'))
   * ```
   */
  dryRun<R = unknown>(request: WireRequest | FetchRequest, ...requirements: readonly Requirement<A, R>[]): Promise<DryRun>
  /** What the token of a request says of its sender, unverified; undefined without a readable token. No I/O. Of the requirements, `tokenFrom` counts. */
  claimedSender(request: WireRequest | FetchRequest, ...requirements: readonly Requirement<never, never>[]): ClaimedSender | undefined
}
