/** What a process with a guard for each of many tenants is told. */
export interface TenantGuardsSetup {
  readonly place: { readonly url: string; readonly prefix: string } | { readonly url: string; readonly schema: string }
  /** Of its connections. */
  readonly name: string
  readonly tenants: number
}

/** How each guard judges a token, and what went wrong meanwhile. */
export interface TenantVerdicts {
  readonly statuses: readonly number[]
  readonly warnings: readonly string[]
}
