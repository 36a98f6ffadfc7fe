import {
  type Admission,
  type Auth,
  checkOptions,
  type FetchRequest,
  type IssuerDescription,
  kind,
  type OptionShape,
  type Requirement,
  type WireRequest,
} from '@countersign/core'

/** What the command needs of a guard: what `createGuard` returns has it. */
export interface ConfigGuard {
  check(request: WireRequest | FetchRequest, ...requirements: readonly Requirement<Auth>[]): Promise<Admission<Auth>>
  readonly verifier: { describe(): readonly IssuerDescription[] }
}

/** What the command needs of a server: what `createAuthorizationServer` returns has it. */
export interface ConfigServer {
  readonly guard: ConfigGuard
  close?(): Promise<void>
}

/** What a config gives to the command: by its exports, or as its default export. */
export interface CountersignConfig {
  /** What `createGuard` returns. @defaultValue that of `server` */
  readonly guard?: ConfigGuard
  /** What `createAuthorizationServer` returns. */
  readonly server?: ConfigServer
  /** Ends what the config has opened, for instance its pool. It is called after the command. */
  readonly close?: () => unknown
}

const shape: OptionShape<CountersignConfig> = {
  guard: kind.having('what createGuard returns', 'check'),
  server: kind.satisfying(
    'what createAuthorizationServer returns',
    (value) => typeof value === 'object' && value !== null && 'guard' in value,
  ),
  close: kind.func,
}

/**
 * Types a config, and checks it. It returns what it is given.
 *
 * @throws TypeError if a member is unknown or wrong
 * @example
 * import { defineConfig } from '@countersign/cli'
 * import { cognito, createGuard } from '@countersign/verifier'
 *
 * const guard = createGuard({ issuers: { people: cognito({ userPoolId: 'us-east-2_AbCdEfGhI', clientId: '4h57k0example' }) } })
 * export const config = defineConfig({ guard })
 */
export function defineConfig<const C extends CountersignConfig>(config: C): C {
  checkOptions('defineConfig', config, shape)
  return config
}
