import { createProofChecker, type DpopProof, type ProofCheckerOptions } from '@countersign/jwt/dpop'
import { accessToken, clientKey, method, type ProofChanges, proofOf, startsAt, url } from './proofs.js'

export const key = await clientKey('ES256')
export const secrets = { current: { id: '1', secret: 'n'.repeat(32) } }

export interface Clock {
  /** Epoch milliseconds. */
  time: number
}

export function start(options: ProofCheckerOptions = {}, clock: Clock = { time: startsAt * 1000 }): ReturnType<typeof createProofChecker> {
  return createProofChecker({ now: () => clock.time, ...options })
}

export const presented = (
  proof: string,
  thumbprint: string | undefined = key.thumbprint,
): Parameters<ReturnType<typeof start>['check']>[0] => ({
  proof,
  method,
  url,
  accessToken,
  thumbprint,
})

export async function checkedProof(checker: ReturnType<typeof start>, changes: ProofChanges = {}): Promise<DpopProof> {
  const checked = checker.check(presented(await proofOf(key, changes)))
  if (!checked.ok) throw new Error(checked.refusal.reason)
  return checked.proof
}
