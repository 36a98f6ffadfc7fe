import type { AuditEntry, Auth, FormParameters } from '@countersign/core'
import type { Field, FormOptions, Problem } from '../html/forms.js'
import type { Html } from '../html/html.js'
import type { Actor, KnownParts } from './parts.js'
import type { ConsoleUser } from './user.js'

/** Who may come to a page: everybody who is signed in, for what the policies let them see; or operators only. */
type Audience = 'everybody' | 'operators'

/** A page, with the parameters of its query. */
export interface Place {
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
}

/** What a page shows. */
export interface View {
  readonly title: string
  /** @defaultValue 200 */
  readonly status?: number
  /** Pages above this one. */
  readonly trail?: readonly (Place & { readonly label: string })[]
  readonly body: Html
}

/** One request of one person. */
export interface Visit<A extends Auth = Auth> {
  readonly user: ConsoleUser<A>
  readonly actor: Actor<A>
  readonly parts: KnownParts<A>
  /** Epoch milliseconds. */
  readonly now: number
  /** A parameter of the query. */
  query(name: string): string | undefined
  /** The address of a page. */
  link(path: string, query?: Place['query']): string
  /** What was wrong with the form that was sent. */
  readonly problem: Problem | undefined
  /** A form of this page, with its token and what was wrong with it. */
  formOf(options: {
    readonly path: string
    readonly about?: Readonly<Record<string, string | undefined>>
    readonly fields?: readonly Field[]
    readonly button: string
    readonly isDangerous?: boolean
    readonly phrase?: string | undefined
  }): FormOptions
}

/** A page that is read. */
export interface Screen<A extends Auth = Auth> {
  readonly path: string
  readonly audience: Audience
  /** Its name in the navigation. @defaultValue it is not there */
  readonly nav?: string
  show(visit: Visit<A>): Promise<View>
}

/** What became of a change: a page to go to, a page that is shown this once, or a problem. */
export type Changed =
  | { readonly ok: true; readonly to: Place; readonly notice: Notice }
  | { readonly ok: true; readonly view: View }
  | {
      readonly ok: false
      /** For the audit. */
      readonly reason: string
      readonly status: number
      readonly message: string
      readonly field?: string | undefined
    }

/** A form that changes something. */
export interface Change<A extends Auth = Auth> {
  readonly path: string
  readonly audience: Audience
  /** For the audit, for instance `integration.create`. */
  readonly action: string
  /** Whether it only reads: it is not recorded, and may be sent again. @defaultValue false */
  readonly changesNothing?: boolean
  /** The page that has the form. */
  place(values: FormParameters): Place
  /** What the change is about: ids only. */
  about(values: FormParameters): Pick<AuditEntry, 'clientId'> & { readonly detail?: Readonly<Record<string, string>> }
  /** What has to be typed. @defaultValue nothing */
  phrase?(visit: Visit<A>, values: FormParameters): Promise<string | undefined>
  run(visit: Visit<A>, values: FormParameters): Promise<Changed>
}

/** What is said on the next page. */
export const notices = {
  'credential-revoked': 'The credential is revoked. Everything that was obtained with it ended.',
  'integration-removed': 'The integration is deleted. Its tokens, credentials and enrollments ended.',
  enrolled: 'The entity has enrolled the integration.',
  unenrolled: 'The enrollment is withdrawn.',
  'client-registered': 'The client is registered.',
  'client-locked': 'The client is locked. Everything that it had ended.',
  'client-unlocked': 'The client is unlocked. It can get new tokens.',
  'client-removed': 'The client is removed. Everything that it had ended.',
  'key-registered': 'The key is registered.',
  'key-retired': 'The key is retired.',
  'key-revoked': 'The key is revoked, for ever.',
  'key-rotated': 'The next key is made. It takes over by itself.',
  'key-made': 'The key is published. It does not sign yet.',
  'key-activated': 'The key signs from now on.',
  revoked: 'It is revoked, everywhere.',
  reinstated: 'The revocation is cancelled.',
} as const

/** A name of {@link notices}. */
export type Notice = keyof typeof notices
