import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { type Attack, type AttackNotRun, type AttackRoutes, type AttackTarget, attackContext } from './attack.js'
import { attacksInOutage } from './attacks-in-outage.js'
import { attacksOnAccess } from './attacks-on-access.js'
import { attacksOnHeader } from './attacks-on-header.js'
import { attacksOnKeys, attacksOnRotation } from './attacks-on-keys.js'
import { attacksOnToken } from './attacks-on-token.js'
import { challengeFault, replyFault } from './judge-reply.js'

/** One row of an attack report. */
export interface AttackRow {
  readonly family: string
  /** A sentence part; unique in its family. Attacks that must be admitted say so. */
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'not run'
  readonly expectedStatus: readonly number[]
  /** Absent where no answer came or the attack was not run. */
  readonly actualStatus?: number
  /** Whether `WWW-Authenticate` is as RFC 6750 wants it. */
  readonly challengeOk?: boolean
  /** What is wrong, or which option is not given. */
  readonly note?: string
}

/** What an app stands and what it does not. */
export interface AttackReport {
  /** No attack failed. Attacks that were not run count for nothing: look at `notRun`. */
  readonly ok: boolean
  readonly passed: number
  readonly failed: readonly AttackRow[]
  readonly notRun: readonly AttackRow[]
  /** All of them, in the order in which they were made. */
  readonly rows: readonly AttackRow[]
}

const issuerKind = kind.having('what createFakeIssuer returns', 'token')

const shape: OptionShape<AttackTarget> = {
  send: kind.required(kind.func),
  routes: kind.required(
    kind.members<AttackRoutes>({
      guarded: kind.required(kind.string),
      scoped: kind.string,
      optional: kind.string,
      identity: kind.string,
    }),
  ),
  issuer: kind.required(issuerKind),
  otherIssuer: issuerKind,
  deadIssuer: issuerKind,
  claims: kind.record,
  clock: kind.having('a clock, for instance what fixedClock returns', 'advance'),
  refreshSeconds: kind.seconds,
  staleSeconds: kind.seconds,
}

const inFlight = 100

/**
 * Attacks an app over HTTP: credentials in every form, malformed tokens of every family for every key of the issuer, other
 * issuers' and unusable keys, rotation and outage. Takes some seconds, because an app may wait before it asks for an
 * unknown key.
 *
 * @param target - how the app is reached and what it was set up with; it is of no use for anything else afterwards
 */
export async function attackGuard(target: AttackTarget): Promise<AttackReport> {
  checkOptions('attackGuard', target, shape)
  if (target.issuer.audience === undefined) throw new TypeError('attackGuard: issuer must have an audience, got undefined')
  const context = attackContext(target)
  const rows: AttackRow[] = []
  for (const independent of [attacksOnHeader, attacksOnToken, attacksOnAccess, attacksOnKeys]) {
    rows.push(...(await together(await independent(context))))
  }
  for (const ordered of [attacksOnRotation, attacksInOutage]) {
    for (const attack of ordered(context)) rows.push(await make(attack))
  }
  const failed = rows.filter(({ outcome }) => outcome === 'failed')
  return {
    ok: failed.length === 0,
    passed: rows.filter(({ outcome }) => outcome === 'passed').length,
    failed,
    notRun: rows.filter(({ outcome }) => outcome === 'not run'),
    rows,
  }
}

async function together(attacks: readonly (Attack | AttackNotRun)[]): Promise<readonly AttackRow[]> {
  const rows: AttackRow[] = []
  for (let start = 0; start < attacks.length; start += inFlight) {
    rows.push(...(await Promise.all(attacks.slice(start, start + inFlight).map(make))))
  }
  return rows
}

async function make(attack: Attack | AttackNotRun): Promise<AttackRow> {
  const { family, name } = attack
  if ('needs' in attack) return { family, name, outcome: 'not run', expectedStatus: [], note: `needs ${attack.needs}` }
  const { expected } = attack
  const row = { family, name, expectedStatus: expected.status }
  try {
    const reply = await attack.attempt()
    const wrong = replyFault(reply, expected)
    const wrongChallenge = challengeFault(reply, expected)
    const note = wrong ?? wrongChallenge
    return {
      ...row,
      outcome: note === undefined ? 'passed' : 'failed',
      actualStatus: reply.status,
      challengeOk: wrongChallenge === undefined,
      ...(note !== undefined && { note }),
    }
  } catch (error) {
    return { ...row, outcome: 'failed', note: error instanceof Error ? error.message : String(error) }
  }
}
