import { type ClaimedSender, type DryRun, isUnavailable } from '@countersign/core'
import { parseJwt } from '@countersign/jwt'
import { NotAsked } from '../opaque/not-asked.js'
import { bounded, type Verdict } from '../token/verdict.js'
import type { Progress } from '../token/verify-token.js'

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/**
 * Reads from a token who says to have sent it. Nothing is verified: for statistics, and for choices that must be the same for one sender.
 *
 * @param maxBytes - longest token that is read
 */
export function claimedSenderOf(token: string, maxBytes: number): ClaimedSender | undefined {
  const read = parseJwt(token, { maxBytes })
  if (!read.ok) return undefined
  const { iss, sub, client_id: clientId, azp, cid, appid } = read.claims
  return { issuer: iss, clientId: text(clientId) ?? text(azp) ?? text(cid) ?? text(appid), subject: sub }
}

/**
 * Turns a verdict into what a dry run tells.
 *
 * @param verdictOn - may reject with `Unavailable`; a verdict that is undefined admits a request without credentials
 * @param progress - of that verdict
 * @param issuer - what the token claims
 */
export async function dryRunOf(
  verdictOn: () => Verdict | undefined | Promise<Verdict>,
  progress: Progress,
  issuer: string | undefined,
): Promise<DryRun> {
  const claimed = issuer === undefined ? undefined : bounded(issuer)
  try {
    const verdict = await verdictOn()
    if (verdict === undefined) return { outcome: 'admitted', reason: undefined, detail: undefined, via: undefined, issuer: undefined }
    if (verdict.ok) {
      const { via, issuer: verified } = verdict.auth
      return { outcome: 'admitted', reason: undefined, detail: undefined, via, issuer: verified }
    }
    const { reason, detail } = verdict.refusal
    return { outcome: 'refused', reason, detail, via: verdict.via, issuer: claimed }
  } catch (error) {
    if (!isUnavailable(error)) throw error
    if (error.cause instanceof NotAsked)
      return { outcome: 'unknown', reason: undefined, detail: undefined, via: progress.via, issuer: claimed }
    return { outcome: 'unavailable', reason: error.reason, detail: undefined, via: progress.via, issuer: claimed }
  }
}
