/** Whether something is ready to serve, and if not, why not, part by part. */
export interface Readiness {
  readonly ok: boolean
  /** By the name that the host gave to the part. `cause` is for the host's log. */
  readonly parts: Readonly<Record<string, { readonly ok: true } | { readonly ok: false; readonly cause: unknown }>>
}

/** What everything has that holds a timer or a connection. */
export interface Lifecycle {
  /** Resolves when every part was tried once. Never rejects for a part that is down: start-up never depends on it. */
  ready(): Promise<Readiness>
  /** Ends timers and connections of its own; what the host gave stays open. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
