import type { Command } from 'commander'
import type { CommandContext } from '../command/context.js'
import type { LoadedConfig } from '../config/load-config.js'
import type { ConfigKeys, KeyStep } from '../config/managed.js'
import { type ChangeOptions, type ChangeResult, change, partOf, printList, withConfig } from './change.js'
import { type Run, withChangeOptions, withListOptions } from './options.js'

function signingOf(loaded: LoadedConfig): ConfigKeys['signing'] {
  const { keys, server } = loaded.config
  return partOf(loaded, keys ?? server?.keys, 'keys, which createKeyRegistry returns, or server').signing
}

const instant = (seconds: number | undefined): string => (seconds === undefined ? '' : new Date(seconds * 1000).toISOString())

function resultOf(step: KeyStep): ChangeResult {
  if (step.ok) return { ok: true, kid: step.kid, activeAt: step.activeAt && instant(step.activeAt) }
  return { ok: false, reason: step.reason, safeAt: step.safeAt && instant(step.safeAt) }
}

/** Whether there is a key of that kid. */
async function isThere(signing: ConfigKeys['signing'], kid: string): Promise<ChangeResult> {
  const key = (await signing.list()).find((one) => one.kid === kid)
  return key === undefined ? { ok: false, reason: 'unknown' } : { ok: true, state: key.state }
}

async function list(context: CommandContext, options: ChangeOptions): Promise<number> {
  return withConfig(context, options, async (loaded) => {
    const keys = await signingOf(loaded).list()
    const rows = keys.map(({ kid, algorithm, purpose, state, activeAt, retireAt }) => [
      kid,
      algorithm,
      purpose,
      state,
      instant(activeAt),
      instant(retireAt),
    ])
    return printList(context, options.json, ['kid', 'algorithm', 'purpose', 'state', 'activeAt', 'retireAt'], rows)
  })
}

/** Adds `keys list`, `rotate`, `stage`, `activate`, `retire` and `revoke`. */
export function addKeys(program: Command, context: CommandContext, run: Run): void {
  const keys = program.command('keys').description('Signing keys of the config.')
  withListOptions(keys.command('list').description('Lists the signing keys.')).action(
    run((options: ChangeOptions) => list(context, options)),
  )
  withChangeOptions(keys.command('rotate').description('Makes the next key, which takes over as soon as verifiers know it.')).action(
    run((options: ChangeOptions) =>
      change(context, options, (loaded) => ({
        what: 'rotate the signing key',
        make: async () => resultOf(await signingOf(loaded).rotate()),
      })),
    ),
  )
  withChangeOptions(keys.command('stage').description('Makes a key and publishes it. It signs after activate.')).action(
    run((options: ChangeOptions) =>
      change(context, options, (loaded) => ({
        what: 'stage a signing key',
        make: async () => resultOf(await signingOf(loaded).generate()),
      })),
    ),
  )
  withChangeOptions(keys.command('activate').argument('<kid>').description('Lets a staged key sign.'))
    .option('--force', 'at once, although verifiers may not know it')
    .option('--when-safe', 'later by itself, if it is too early')
    .action(
      run((kid: string, options: ChangeOptions & { force?: boolean; whenSafe?: boolean }) =>
        change(context, options, (loaded) => ({
          what: `activate the key ${JSON.stringify(kid)}`,
          canDo: () => isThere(signingOf(loaded), kid),
          make: async () =>
            resultOf(await signingOf(loaded).activate(kid, { force: options.force === true, whenSafe: options.whenSafe === true })),
        })),
      ),
    )
  for (const [step, description] of [
    ['retire', 'Withdraws a key that does not sign.'],
    ['revoke', 'Ends all belief in a key, at once and for ever.'],
  ] as const)
    withChangeOptions(keys.command(step).argument('<kid>').description(description)).action(
      run((kid: string, options: ChangeOptions) =>
        change(context, options, (loaded) => ({
          what: `${step} the key ${JSON.stringify(kid)}`,
          canDo: () => isThere(signingOf(loaded), kid),
          make: async () => resultOf(await signingOf(loaded)[step](kid)),
        })),
      ),
    )
}
