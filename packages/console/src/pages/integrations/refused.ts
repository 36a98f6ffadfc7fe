import { html } from '../../html/html.js'
import type { Changed, View } from '../../screen/screen.js'

/** Why integrations refuse, for people. */
const reasons: Readonly<Record<string, readonly [status: number, text: string]>> = {
  not_a_person: [403, 'This account is not that of a person.'],
  mfa_required: [403, 'Sign in with a second factor first.'],
  authentication_too_old: [403, 'Your sign-in is too long ago for this. Sign out, and sign in again.'],
  foreign_entity: [403, 'You do not act for this entity.'],
  unknown_entity: [404, 'This entity does not exist.'],
  unknown_integration: [404, 'This integration does not exist. It may have been deleted.'],
  unknown_credential: [404, 'This credential does not exist. It may have been revoked.'],
  unknown_enrollment: [404, 'This enrollment does not exist. It may have been withdrawn.'],
  too_many_credentials: [409, 'The integration has as many credentials as it may have. Revoke one first.'],
}

const problems: Readonly<Record<string, string>> = {
  missing: 'Fill this in.',
  too_short: 'Fill this in.',
  too_long: 'This has more than 200 characters.',
  malformed: 'This has another form, or characters that cannot be shown.',
  not_listed: 'Choose one of the list.',
}

/** A refusal of a part, with what is wrong with the values. */
export interface Refused {
  readonly ok: false
  readonly reason: string
  readonly issues?: readonly { readonly field: string; readonly problem: string }[]
}

function textOf({ reason, issues }: Refused): readonly [status: number, text: string] {
  const [issue] = issues ?? []
  if (reason === 'invalid') return [422, problems[issue?.problem ?? ''] ?? 'This value cannot be taken.']
  return reasons[reason] ?? [422, 'This cannot be done.']
}

/** A page in place of the one that cannot be shown. */
export function refusedView(refused: Refused): View {
  const [status, text] = textOf(refused)
  const isMissing = status === 404 || status === 422
  return {
    title: isMissing ? 'Not found' : 'Not allowed',
    status: isMissing ? 404 : status,
    body: html`<div class="card"><p>${text}</p></div>`,
  }
}

/** A change that was refused. @param fields - the names in the form of the fields of the part */
export function refusedChange(refused: Refused, fields: Readonly<Record<string, string>> = {}): Changed {
  const [status, message] = textOf(refused)
  const field = fields[refused.issues?.[0]?.field ?? '']
  return { ok: false, reason: refused.reason, status, message, field }
}
