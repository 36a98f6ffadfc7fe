import type { Command } from 'commander'
import { type CommandContext, UsageError } from '../command/context.js'
import type { LoadedConfig } from '../config/load-config.js'
import type { ConfigIntegrations } from '../config/managed.js'
import { type ChangeOptions, type ChangeResult, change, partOf, printList, withConfig } from './change.js'
import { type Run, withChangeOptions, withListOptions } from './options.js'

/** Under which name the records and events show what the command did. */
const operator = { operator: 'countersign command' }
const quoted = (text: string): string => JSON.stringify(text)

function integrationsOf(loaded: LoadedConfig): ConfigIntegrations {
  return partOf(loaded, loaded.config.integrations, 'integrations, which server.integrations() or createIntegrations returns')
}

function resultOf(done: { readonly ok: boolean; readonly [member: string]: unknown }): ChangeResult {
  const { ok, reason, clientId, credentialId, secret } = done
  return { ok, reason, clientId, credentialId, secret }
}

async function list(context: CommandContext, entity: string, options: ChangeOptions): Promise<number> {
  return withConfig(context, options, async (loaded) => {
    const listed = await integrationsOf(loaded).list(operator, entity)
    if (!listed.ok) throw new UsageError(`the integrations of ${quoted(entity)} cannot be listed: ${listed.reason}`)
    const rows = listed.integrations.map(({ clientId, title, isLocked, credentials }) => [
      clientId,
      title,
      isLocked ? 'locked' : 'active',
      credentials.map(({ id }) => id).join(' '),
    ])
    return printList(context, options.json, ['clientId', 'title', 'state', 'credentials'], rows)
  })
}

type TitleOptions = ChangeOptions & { readonly title?: string; readonly type?: string }

/** Adds `integrations add`, `remove`, `credential add` and `credential remove`. */
export function addIntegrations(program: Command, context: CommandContext, run: Run): void {
  const integrations = program.command('integrations').description('Accounts of programs that entities own.')
  withListOptions(integrations.command('list').argument('<entity>').description('Lists the integrations of an entity.')).action(
    run((entity: string, options: ChangeOptions) => list(context, entity, options)),
  )
  withChangeOptions(integrations.command('add').argument('<entity>').description('Makes an integration. Its secret is shown once.'))
    .requiredOption('--title <title>', 'a name for people')
    .option('--type <type>', 'one of the types of the config')
    .action(
      run((entity: string, options: TitleOptions) =>
        change(context, options, (loaded) => ({
          what: `make an integration of the entity ${quoted(entity)}`,
          make: async () =>
            resultOf({ ...(await integrationsOf(loaded).create(operator, { entity, title: options.title ?? '', type: options.type })) }),
        })),
      ),
    )
  withChangeOptions(
    integrations.command('remove').argument('<client>').description('Ends an integration with its tokens, credentials and enrollments.'),
  ).action(
    run((clientId: string, options: ChangeOptions) =>
      change(context, options, (loaded) => ({
        what: `remove the integration ${quoted(clientId)}`,
        make: async () => resultOf({ ...(await integrationsOf(loaded).remove(operator, clientId)) }),
      })),
    ),
  )
  const credential = integrations.command('credential').description('Credentials of an integration.')
  withChangeOptions(credential.command('add').argument('<client>').description('Makes one more credential, which is shown once.'))
    .option('--title <title>', 'a name for people')
    .action(
      run((clientId: string, options: TitleOptions) =>
        change(context, options, (loaded) => ({
          what: `add a credential to the integration ${quoted(clientId)}`,
          make: async () => resultOf({ ...(await integrationsOf(loaded).addCredential(operator, { clientId, title: options.title })) }),
        })),
      ),
    )
  withChangeOptions(credential.command('remove').argument('<client>').argument('<credential-id>').description('Ends a credential.')).action(
    run((clientId: string, credentialId: string, options: ChangeOptions) =>
      change(context, options, (loaded) => ({
        what: `remove the credential ${quoted(credentialId)} of the integration ${quoted(clientId)}`,
        make: async () => resultOf({ ...(await integrationsOf(loaded).removeCredential(operator, { clientId, credentialId })) }),
      })),
    ),
  )
}
