import type { Algorithm } from './keys.js'

/** A key of an issuer, as it is shown to operators. */
export interface DescribedKey {
  readonly kid: string | undefined
  /** What it may sign with. */
  readonly algorithms: readonly Algorithm[]
}

/** What is believed of one `iss`, as it is shown to operators. It holds no key and no secret. */
export interface IssuerDescription {
  /** The name of the entry. */
  readonly via: string
  /** The exact `iss`. */
  readonly issuer: string
  readonly algorithms: readonly Algorithm[]
  /** Null: every audience. */
  readonly audience: readonly string[] | null
  /** Null: every `typ`. */
  readonly types: readonly string[] | null
  readonly clockToleranceSeconds: number
  readonly maxAgeSeconds: number | undefined
  readonly maxFutureIssuedSeconds: number | null
  /** Whether its keys come from another party. */
  readonly isRemote: boolean
  /** Its keys; loads them where they are not there yet. Undefined if its source does not tell them. Rejects with the cause if they cannot be loaded. */
  keys(): Promise<readonly DescribedKey[] | undefined>
}
