import { kind, type OptionShape } from '@countersign/core'
import { announcerKind } from '../endpoint/endpoint-shape.js'
import { settingsShape } from './client.js'
import type { ClientRegistration, ClientsOptions, SecretSettings } from './clients.js'

const isPrefix = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9_-]{0,64}$/.test(value)

/** What each of the options of `createClients` must be. */
export const clientsShape: OptionShape<ClientsOptions> = {
  store: kind.required(kind.having('a DocumentStore, for instance stores.clients', 'put')),
  pepper: kind.required(kind.secrets),
  keys: kind.having('the keys of clients, for instance keys.clients of a key registry', 'find'),
  issuer: kind.strings,
  revocations: announcerKind,
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
