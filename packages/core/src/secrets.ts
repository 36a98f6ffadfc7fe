/** One secret with the id under which it is known. Text counts as its UTF-8 bytes. */
export interface Secret {
  readonly id: string
  readonly secret: string | Uint8Array
}

/** The secret that is used now, and those that are still accepted. */
export interface RotatingSecrets {
  readonly current: Secret
  readonly previous?: readonly Secret[]
}

/** Secrets as data, or a function asked at every use, so that they rotate in a running process. */
export type SecretsOption = RotatingSecrets | (() => RotatingSecrets)
