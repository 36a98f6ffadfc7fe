import type { Stores } from '@countersign/core'

/** Stores on a connection of their own. */
export interface OpenedStores {
  readonly stores: Stores
  /** Closes the stores and the connection that they were given. */
  close(): Promise<void>
}

/** A connection that can be broken. */
export interface BreakableNetwork {
  /** Requests still arrive and are carried out, their answers are lost. */
  loseAnswers(): void
  /** Requests do not arrive until `restore()`, and arrive then, also where who sent them has gone. */
  holdRequests(): void
  /** Connections break, and new ones too. */
  breakDown(): void
  /** New connections work again, and requests that were held arrive. */
  restore(): void
}

/**
 * What an author of an adapter brings. A place is what one case has for itself: a prefix, a schema, a folder.
 * What an optional member cannot be provided for is not tested, so leave out only what the adapter does not promise.
 */
export interface StoreBackend<Place> {
  /** Somewhere that is empty and in whose memory nothing happened before. */
  createPlace(): Promise<Place>
  removePlace(place: Place): Promise<void>
  /** Opens stores over a place; more than once for a place. What is issued after their `ready()` can be claimed. */
  open(place: Place): Promise<OpenedStores>
  /** Stores over the same place of which a tenant of that name has a part for itself. */
  openTenant?(place: Place, tenant: string): Promise<OpenedStores>
  /** Stores over the same place in another process, see `remoteStores`. */
  openProcess?(place: Place): Promise<OpenedStores>
  /** Stores over the same place behind a network that breaks, see `breakableProxy`. */
  openBreakable?(place: Place): Promise<OpenedStores & { readonly network: BreakableNetwork }>
  /**
   * Stores over the same place that can be read and not written: at a replica, in a read-only session, as a user without the right. Their
   * `ready()` resolves and is not ok.
   */
  openReadOnly?(place: Place): Promise<OpenedStores>
  /** Turns the store's clock forward. Without it the suite waits. */
  passTime?(place: Place, milliseconds: number): Promise<void>
  /** Ends the server and starts it again: what was answered before still holds. For stores that promise so. */
  restart?(place: Place): Promise<void>
  /**
   * A restart may have lost the last writes, as far as the stores can tell: a nonce from before it is `unknown` for what it was
   * not spent for, and a challenge from before it counts as absent. @defaultValue false
   */
  readonly distrustsRestarts?: boolean
  /** Ends the server and starts it again without its data. For stores that can lose their memory. */
  forget?(place: Place): Promise<void>
  /** Names of everything temporary in the place that would stay for ever. */
  withoutEnd?(place: Place): Promise<readonly string[]>
  /** Runs of each property test. @defaultValue 50 */
  readonly propertyRuns?: number
}

/** One test. */
export interface StoreCase {
  /** A sentence. */
  readonly name: string
  run(): Promise<void>
}
