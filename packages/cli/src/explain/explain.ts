import {
  type Admission,
  type Auth,
  type IssuerDescription,
  onEvent,
  type RefusedEvent,
  requireScopes,
  type WireRequest,
} from '@countersign/core'
import { type CommandContext, exitCode } from '../command/context.js'
import { createPrinter } from '../command/printer.js'
import type { ConfigGuard } from '../config/config.js'
import { type ConfigLine, type ConfigLines, readConfigLines } from '../config/config-lines.js'
import { closeConfig, guardOf, type LoadedConfig, loadConfig } from '../config/load-config.js'
import { atlasHeading } from './atlas.js'
import { decodeToken } from './decode-token.js'
import { diagnose } from './diagnoses/diagnose.js'
import { type Change, type Diagnosis, textOf } from './diagnoses/diagnosis.js'
import type { Explanation } from './explanation.js'
import { type Presented, readPresented } from './presented.js'
import { printExplanation } from './report.js'
import { stepsOf } from './steps.js'

/** Options of `countersign explain`. */
export interface ExplainOptions {
  readonly config?: string
  readonly scopes?: string
  readonly method?: string
  readonly url?: string
  readonly showClaims?: boolean
  readonly json?: boolean
}

interface Checked {
  readonly admission: Admission<Auth>
  readonly event: RefusedEvent | undefined
}

/** Gives the request to the guard, and listens to what it says of it. */
async function checkOnce(guard: ConfigGuard, request: WireRequest, scopes: readonly string[]): Promise<Checked> {
  const events: RefusedEvent[] = []
  const end = onEvent('countersign:refused', (event) => void events.push(event))
  try {
    const admission = await guard.check(request, ...(scopes.length > 0 ? [requireScopes(...scopes)] : []))
    return { admission, event: events.at(-1) }
  } finally {
    end()
  }
}

function lineOf(change: Extract<Change, { at: 'config' }>, lines: ConfigLines): ConfigLine | undefined {
  const { via, options } = change
  return via === undefined ? lines.ofOption(options) : (lines.ofEntry(via, options) ?? lines.ofOption(options))
}

function shownChange({ change }: Diagnosis, { path }: LoadedConfig, folder: string): NonNullable<Explanation['change']> {
  if (change.at === 'request') return { at: 'the request', line: change.line, to: change.to }
  if (change.at === 'issuer') return { at: 'the issuer', line: 'what makes the token', to: change.to }
  const line = lineOf(change, readConfigLines(path, folder))
  if (line === undefined) return { at: path, line: change.options[0] ?? '', to: change.to }
  return { at: `${line.file}:${line.line}`, line: line.text, to: change.to }
}

function issuerOf(issuers: readonly IssuerDescription[], iss: string, via: string | undefined): IssuerDescription | undefined {
  return issuers.find((one) => one.issuer === iss) ?? issuers.find((one) => one.via === via)
}

async function explanationOf(loaded: LoadedConfig, presented: Presented, options: ExplainOptions, folder: string): Promise<Explanation> {
  const guard = guardOf(loaded)
  const { method = 'GET', url = '/' } = options
  const scopes = (options.scopes ?? '').split(/[ ,]+/).filter((scope) => scope !== '')
  const { admission, event } = await checkOnce(guard, { method, url, headers: presented.headers }, scopes)
  const token = decodeToken(presented.token)
  const iss = textOf(token.claims, 'iss')
  const issuers = guard.verifier.describe()
  const via = admission.ok ? admission.auth?.via : event?.via
  const issuer = issuerOf(issuers, iss, via)
  const detail = event?.detail ?? {}
  const reason = admission.ok ? undefined : admission.reason
  const steps = stepsOf({ token: presented.token, reason, detail, issuer })
  const atlas = atlasHeading(iss)
  if (reason === undefined || admission.ok)
    return { verdict: 'admitted', reason: undefined, status: undefined, via, steps, cause: undefined, change: undefined, atlas }
  const diagnosis = diagnose({ reason, detail, via, cause: event?.cause, token, issuers })
  const { status } = admission.reply
  const change = shownChange(diagnosis, loaded, folder)
  return { verdict: status === 503 ? 'unknown' : 'refused', reason, status, via, steps, cause: diagnosis.cause, change, atlas }
}

const codes = { admitted: exitCode.ok, refused: exitCode.no, unknown: exitCode.outage }

/** Runs the guard of the config on the token of standard input, and says what came of it. */
export async function explain(context: CommandContext, options: ExplainOptions): Promise<number> {
  if (context.isInteractive) createPrinter(context, context.errors).line('Paste the token, then press Enter and Ctrl-D.')
  const presented = readPresented(await context.readInput())
  const loaded = await loadConfig(context, options.config)
  try {
    const explanation = await explanationOf(loaded, presented, options, context.folder)
    const { header, claims } = decodeToken(presented.token)
    const printer = createPrinter(context)
    if (options.json === true) printer.json(explanation)
    else printExplanation(printer, explanation, { header, claims, showClaims: options.showClaims === true })
    return codes[explanation.verdict]
  } finally {
    await closeConfig(loaded)
  }
}
