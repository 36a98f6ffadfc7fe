/** Where the stores of a campaign are. */
export type Place =
  | { readonly kind: 'redis'; readonly sentinelPort: number; readonly prefix: string; readonly durability: 'server' | 'wait' }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string }

/** What a worker is told when it starts. */
export interface WorkerSetup {
  readonly place: Place
  readonly secret: string
}

export const issuer = 'https://auth.example'
export const audience = 'https://api.example'
/** The grant by which a client begins a family. */
export const signInType = 'urn:example:grant-type:sign-in'
/** Ids of the two registered clients. */
export const clientIds = { confidential: 'confidential', public: 'public' } as const
/** Whether a client authenticates itself. */
export type ClientKind = keyof typeof clientIds
