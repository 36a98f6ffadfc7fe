import {
  type ClientKeys,
  type DocumentStore,
  kind,
  type Now,
  type OptionShape,
  type RevocationPublisher,
  type SecretsOption,
} from '@countersign/core'
import { publisherKind } from '../announce-revocation.js'
import { type ClientSettings, settingsShape } from './record/client.js'

/** Options of {@link createClients}. */
export interface ClientsOptions {
  readonly store: DocumentStore
  /** Keys the hashes of secrets; 32 bytes or more, and not in the store. */
  readonly pepper: SecretsOption
  /** Keys that clients sign with, for instance those of `createKeyRegistry`. Without them, no client uses one. */
  readonly clientKeys?: ClientKeys
  /** Our own `iss`, or those of all tenants that share these clients; with `revocations`. */
  readonly issuer?: string | readonly string[]
  /**
   * Where the end of clients and secrets is announced to all guards: what `createSharedRevocations` gives, so that it holds for
   * the next request of this process, or a `RevocationStore`. Without it, tokens that are out live until they expire.
   */
  readonly revocations?: RevocationPublisher
  /** Begins every secret, so that scanners and people recognise it: letters, digits, `_` and `-`. @defaultValue `'cs_'` */
  readonly secretPrefix?: string
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  readonly randomUUID?: () => string
  readonly randomBytes?: (size: number) => Buffer
}

/** What a new secret is. Times are epoch seconds. */
export interface SecretSettings {
  readonly title?: string
  readonly notBefore?: number
  readonly expiresAt?: number
  /** Takes over a secret of another system instead of making one. It is as hard to guess as it was made. */
  readonly secret?: string
}

/** A secret, shown this once. */
export interface IssuedSecret {
  readonly id: string
  readonly secret: string
}

/** A client to register. */
export interface ClientRegistration extends ClientSettings {
  /** @defaultValue a random UUID */
  readonly id?: string
  /** Of the first secret; `false` for a client that gets its secrets later. Public clients have none. */
  readonly secret?: SecretSettings | false
}

const isPrefix = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9_-]{0,64}$/.test(value)

/** What each of the options of `createClients` must be, for a factory that hands them on. */
export const clientsShape: OptionShape<ClientsOptions> = {
  store: kind.required(kind.having('a DocumentStore, for instance stores.clients', 'put')),
  pepper: kind.required(kind.secrets),
  clientKeys: kind.having('the keys of clients, for instance registry.clientKeys of a key registry', 'find'),
  issuer: kind.strings,
  revocations: publisherKind,
  secretPrefix: kind.satisfying('letters, digits, _ and -, at most 64 of them', isPrefix),
  now: kind.func,
  randomUUID: kind.func,
  randomBytes: kind.func,
}

/** What the settings of a secret must be. */
export const secretShape: OptionShape<SecretSettings> = {
  title: kind.string,
  // Epoch seconds, which are judged on their own: a date or milliseconds are told as such.
  notBefore: kind.satisfying('epoch seconds', () => true),
  expiresAt: kind.satisfying('epoch seconds', () => true),
  secret: { ...kind.string, isSecret: true },
}

/** What a registration must be. */
export const registrationShape: OptionShape<ClientRegistration> = {
  ...settingsShape,
  id: kind.string,
  secret: kind.either(kind.exactly(false), kind.members<SecretSettings>(secretShape)),
}
