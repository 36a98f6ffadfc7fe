import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IssuerDescription, Now } from '@countersign/core'
import { causesOf, type Findings, inTime } from './finding.js'

const maxWaitMs = 15_000
/** A Date field has whole seconds, and the answer took a while. */
const slackSeconds = 3

interface Answered {
  readonly request?: { readonly origin?: unknown; readonly path?: unknown }
  readonly response?: { readonly headers?: readonly Uint8Array[] }
}

/** The Date field (RFC 9110 §6.6.1) of an answer, in epoch milliseconds. */
function dateOf({ response }: Answered): number | undefined {
  const fields = (response?.headers ?? []).map((field) => Buffer.from(field).toString('latin1'))
  const at = fields.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'date')
  const time = at === -1 ? Number.NaN : Date.parse(fields[at + 1] ?? '')
  return Number.isNaN(time) ? undefined : time
}

/** Listens to the answers that Node's fetch gets, and compares their clocks with ours. */
function listenToClocks(now: Now): { readonly skews: ReadonlyMap<string, number>; stop(): void } {
  const skews = new Map<string, number>()
  const listener = (message: unknown): void => {
    const answered = message as Answered
    const time = dateOf(answered)
    if (time !== undefined) skews.set(String(answered.request?.origin), (now() - time) / 1000)
  }
  const name = 'undici:request:headers'
  subscribe(name, listener)
  return { skews, stop: () => void (channel(name).hasSubscribers && unsubscribe(name, listener)) }
}

async function checkKeys(issuer: IssuerDescription, findings: Findings): Promise<void> {
  const part = `issuer ${issuer.via}`
  try {
    const keys = await inTime(issuer.keys(), maxWaitMs)
    if (keys === undefined) return findings.ok(part, `${issuer.issuer}: keys given by the config`)
    const without = issuer.algorithms.filter((algorithm) => !keys.some(({ algorithms }) => algorithms.includes(algorithm)))
    const list = keys.map(({ kid, algorithms }) => `${kid ?? '(no kid)'} ${algorithms.join('/')}`).join(', ')
    if (without.length === issuer.algorithms.length)
      findings.problem(part, `${issuer.issuer}: no key fits ${issuer.algorithms.join(', ')}; it has: ${list || 'none'}`)
    else if (without.length > 0 && !without.every((one) => one === 'EdDSA' || one === 'Ed25519'))
      findings.warn(part, `${issuer.issuer}: no key fits ${without.join(', ')}, which its algorithms have`)
    else findings.ok(part, `${issuer.issuer}: ${keys.length} keys`)
  } catch (error) {
    findings.problem(part, `${issuer.issuer}: its keys cannot be loaded: ${causesOf(error)}`)
  }
}

/** Loads the keys of every issuer, and looks at its clock. */
export async function checkIssuers(issuers: readonly IssuerDescription[], now: Now, findings: Findings): Promise<void> {
  const clocks = listenToClocks(now)
  await Promise.all(issuers.map((issuer) => checkKeys(issuer, findings)))
  clocks.stop()
  const tolerance = Math.min(...issuers.map(({ clockToleranceSeconds }) => clockToleranceSeconds), 60)
  for (const [origin, skew] of clocks.skews) {
    const off = `the clock of this machine is ${Math.round(Math.abs(skew))} s ${skew > 0 ? 'ahead of' : 'behind'} that of ${origin}`
    if (Math.abs(skew) > tolerance + slackSeconds) findings.problem('clock', `${off}: set the clocks by NTP`)
    else findings.ok('clock', `within ${Math.round(tolerance + slackSeconds)} s of ${origin}`)
  }
}
