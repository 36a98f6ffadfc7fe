import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type CommandContext, UsageError } from '../command/context.js'
import { type CountersignConfig, defineConfig } from './config.js'

/** In the order in which they are looked for. */
const names = ['countersign.config.ts', 'countersign.config.js', 'countersign.config.mjs']

/** A config with the file that it came from. */
export interface LoadedConfig {
  readonly path: string
  readonly config: CountersignConfig
}

/** The config in a folder, or in one above it. */
function findConfig(folder: string): string | undefined {
  const found = names.map((name) => join(folder, name)).find((path) => existsSync(path))
  const above = dirname(folder)
  return found ?? (above === folder ? undefined : findConfig(above))
}

/**
 * The path of the config.
 *
 * @param given - the option `--config`
 * @throws UsageError if there is none
 */
function configPath({ folder }: CommandContext, given: string | undefined): string {
  if (given !== undefined) {
    const path = resolve(folder, given)
    if (!existsSync(path)) throw new UsageError(`--config must be a file that exists, got ${path}`)
    return path
  }
  const path = findConfig(folder)
  if (path === undefined)
    throw new UsageError(
      `no config: ${folder} and the folders above it must have one of ${names.join(', ')}. Write one with: countersign init`,
    )
  return path
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** An export named `config`, else the default export, else all exports. Each may be a function, which may be asynchronous. */
async function exportedConfig(module: unknown): Promise<unknown> {
  const { config, default: standard } = (isObject(module) ? module : {}) as { config?: unknown; default?: unknown }
  const given = config ?? standard ?? module
  const exported: unknown = typeof given === 'function' ? await (given as () => unknown)() : given
  // A module may export other things too; an object that is the config has nothing but it.
  return exported !== module && isObject(exported) ? defineConfig(exported) : exported
}

/**
 * Imports the config.
 *
 * @throws UsageError if it gives nothing that the command knows; an error of the config itself is passed on
 */
export async function loadConfig(context: CommandContext, given: string | undefined): Promise<LoadedConfig> {
  const path = configPath(context, given)
  const config = await exportedConfig(await context.importModule(path))
  if (!isObject(config)) throw new UsageError(`${path} must export an object, got ${config === null ? 'null' : typeof config}`)
  return { path, config }
}

/** The guard of a config, its own or that of its server. */
export const guardIn = ({ guard, server }: CountersignConfig): CountersignConfig['guard'] => guard ?? server?.guard

/** @throws UsageError if the config has no guard */
export function guardOf({ path, config }: LoadedConfig): NonNullable<CountersignConfig['guard']> {
  const guard = guardIn(config)
  if (typeof guard?.check !== 'function' || typeof guard.verifier?.describe !== 'function')
    throw new UsageError(`${path} must export guard, which createGuard returns, or server, which createAuthorizationServer returns`)
  return guard
}

/** Ends what the config has opened. */
export async function closeConfig({ config }: LoadedConfig): Promise<void> {
  await config.server?.close?.()
  await config.revocations?.close?.()
  await config.stores?.close()
  await config.copyTo?.close()
  await config.close?.()
}
