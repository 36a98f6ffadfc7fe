import {
  type Auth,
  checkOptions,
  kind,
  longSecret,
  type Now,
  type OptionShape,
  type SecretRules,
  type SecretsOption,
} from '@countersign/core'
import type { ConsoleParts, ConsoleServer, KnownParts } from './screen/parts.js'
import type { ConsoleUser } from './screen/user.js'

/** Options of {@link createConsole}. */
export interface ConsoleOptions<A extends Auth = Auth, R = unknown> {
  /** A server, whose parts the console shows and changes. One of `server` and `parts` must be given. */
  readonly server?: ConsoleServer
  /** Parts that the server does not have, and parts in place of its own. */
  readonly parts?: ConsoleParts<A>
  /**
   * Who uses the console: the host authenticates. It is given the request of Express or the context of Koa. Undefined: nobody is signed in. It throws
   * `Unavailable` in an outage.
   */
  readonly operator: (request: R) => ConsoleUser<A> | undefined | Promise<ConsoleUser<A> | undefined>
  /** Protects forms: 32 bytes or more, the same in all processes. */
  readonly secrets: SecretsOption
  /** Where the pages are, for instance `/console`. @defaultValue '/console' */
  readonly basePath?: string
  /** Where browsers find it, for instance `https://api.example`; for proxies that change `Host`. @defaultValue the `Host` of each request */
  readonly origin?: string
  /** Where people sign in. It gets the page to go back to as the parameter `return_to`. @defaultValue a page says that nobody is signed in */
  readonly signInUrl?: string
  /** A form is sent there to sign out. It must be of the same origin. @defaultValue none */
  readonly signOutUrl?: string
  /** Shown at the top of each page. @defaultValue 'Console' */
  readonly name?: string
  /** How long entries of the audit are kept, in seconds. @defaultValue 31536000 (a year) */
  readonly auditLifetimeSeconds?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  readonly randomBytes?: (size: number) => Buffer
}

const isBasePath = (value: unknown): boolean => typeof value === 'string' && /^(\/[A-Za-z0-9._~-]+)+$/.test(value)

function isOrigin(value: unknown): boolean {
  try {
    return typeof value === 'string' && new URL(value).origin === value
  } catch {
    return false
  }
}

const isRegistry = (value: unknown): boolean => {
  const { signing, clientKeys } = (value ?? {}) as { readonly signing?: unknown; readonly clientKeys?: unknown }
  return [signing, clientKeys].every((part) => typeof (part as { readonly list?: unknown } | undefined)?.list === 'function')
}

const isServer = (value: unknown): boolean => {
  const server = (value ?? {}) as Partial<Record<keyof ConsoleServer, unknown>>
  return (
    typeof server.ready === 'function' &&
    [server.clients, server.keys, server.revocations, server.stores].every((part) => part !== undefined)
  )
}

const partsShape: OptionShape<ConsoleParts> = {
  integrations: kind.having('integrations, for instance what createIntegrations returns', 'page', 'find', 'create'),
  integrationTypes: kind.listOf(kind.string),
  clients: kind.having('the clients of a token endpoint, for instance what createClients returns', 'list', 'findMany', 'register'),
  keys: kind.satisfying('a key registry, for instance what createKeyRegistry returns', isRegistry),
  revocations: kind.having('revocations, for instance what createSharedRevocations returns', 'check', 'revoke', 'reinstate'),
  revocationStore: kind.having('a RevocationStore, for instance stores.revocations', 'page'),
  audit: kind.having('an AuditStore, for instance stores.audit', 'append', 'page'),
  replay: kind.having('a ReplayStore, for instance stores.replay', 'claim'),
  ready: kind.func,
  shadowReport: kind.having('a report, for instance what createShadowReport returns', 'toJSON'),
}

const shape: OptionShape<ConsoleOptions> = {
  server: kind.satisfying('a server, for instance what createAuthorizationServer returns', isServer),
  parts: kind.members<ConsoleParts>(partsShape),
  operator: kind.required(kind.func),
  secrets: kind.required(kind.secrets),
  basePath: kind.satisfying('a path such as "/console": it begins with a slash, and does not end with one', isBasePath),
  origin: kind.satisfying('an origin such as "https://api.example"', isOrigin),
  signInUrl: kind.string,
  signOutUrl: kind.string,
  name: kind.string,
  auditLifetimeSeconds: kind.positiveSeconds,
  now: kind.func,
  randomBytes: kind.func,
}

/** What ids and secrets of the option `secrets` must be. */
export const secretRules: SecretRules = { secret: longSecret }

/**
 * Checks the options, and puts the parts together.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function consoleParts<A extends Auth, R>(options: ConsoleOptions<A, R>): KnownParts<A> {
  checkOptions<ConsoleOptions>('createConsole', options, shape)
  const { server, parts = {} } = options
  const { stores } = server ?? {}
  const replay = parts.replay ?? stores?.replay
  if (replay === undefined) throw new TypeError('createConsole: server or parts.replay must be given, got undefined')
  const given = Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as ConsoleParts<A>
  return {
    ...(server && { clients: server.clients, keys: server.keys, revocations: server.revocations, ready: () => server.ready() }),
    ...(stores && { audit: stores.audit, revocationStore: stores.revocations }),
    ...given,
    replay,
  }
}
