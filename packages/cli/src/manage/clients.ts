import type { Command } from 'commander'
import type { CommandContext } from '../command/context.js'
import type { LoadedConfig } from '../config/load-config.js'
import type { ConfigClients, ListedClient } from '../config/managed.js'
import { type ChangeOptions, type ChangeResult, change, partOf, printList, withConfig } from './change.js'
import { type Run, withChangeOptions, withListOptions } from './options.js'

const pageLimit = 100
const quoted = (text: string): string => JSON.stringify(text)
const namesIn = (list: string): readonly string[] => list.split(/[ ,]+/).filter((name) => name !== '')

function clientsOf(loaded: LoadedConfig): ConfigClients {
  const { clients, server } = loaded.config
  return partOf(loaded, clients ?? server?.clients, 'clients, which createClients returns, or server')
}

async function isThere(clients: ConfigClients, id: string): Promise<ChangeResult> {
  const client = await clients.find(id)
  return client === undefined ? { ok: false, reason: 'unknown' } : { ok: true, isLocked: client.isLocked }
}

const resultOf = (isDone: boolean): ChangeResult => (isDone ? { ok: true } : { ok: false, reason: 'unknown' })

async function list(context: CommandContext, options: ChangeOptions): Promise<number> {
  return withConfig(context, options, async (loaded) => {
    const clients = clientsOf(loaded)
    const all: ListedClient[] = []
    for (let page = await clients.list({ limit: pageLimit }); page.length > 0; ) {
      all.push(...page)
      page = page.length < pageLimit ? [] : await clients.list({ after: page.at(-1)?.id ?? '', limit: pageLimit })
    }
    const rows = all.map(({ id, isLocked, grants, scopes, secrets }) => [
      id,
      isLocked ? 'locked' : 'active',
      grants.join(' '),
      scopes.join(' '),
      secrets.map((secret) => secret.id).join(' '),
    ])
    return printList(context, options.json, ['id', 'state', 'grants', 'scopes', 'secrets'], rows)
  })
}

type AddOptions = ChangeOptions & { readonly grants: string; readonly scopes?: string }

function addSecrets(clients: Command, context: CommandContext, run: Run): void {
  const secret = clients.command('secret').description('Secrets of a client.')
  withChangeOptions(secret.command('add').argument('<client>').description('Makes one more secret, which is shown once.'))
    .option('--title <title>', 'a name for people')
    .action(
      run((id: string, options: ChangeOptions & { title?: string }) =>
        change(context, options, (loaded) => ({
          what: `add a secret to the client ${quoted(id)}`,
          canDo: () => isThere(clientsOf(loaded), id),
          async make() {
            const issued = await clientsOf(loaded).addSecret(id, options.title === undefined ? {} : { title: options.title })
            return issued === undefined
              ? { ok: false, reason: 'unknown or public' }
              : { ok: true, secretId: issued.id, secret: issued.secret }
          },
        })),
      ),
    )
  withChangeOptions(
    secret.command('revoke').argument('<client>').argument('<secret-id>').description('Ends a secret, and the tokens obtained with it.'),
  ).action(
    run((id: string, secretId: string, options: ChangeOptions) =>
      change(context, options, (loaded) => ({
        what: `revoke the secret with the id ${quoted(secretId)} of the client ${quoted(id)}`,
        canDo: () => isThere(clientsOf(loaded), id),
        make: async () => resultOf(await clientsOf(loaded).revokeSecret(id, secretId)),
      })),
    ),
  )
}

/** Adds `clients list`, `add`, `lock`, `unlock`, `secret add` and `secret revoke`. */
export function addClients(program: Command, context: CommandContext, run: Run): void {
  const clients = program.command('clients').description('Clients of the config.')
  withListOptions(clients.command('list').description('Lists the clients.')).action(run((options: ChangeOptions) => list(context, options)))
  withChangeOptions(clients.command('add').argument('<id>').description('Registers a client. Its secret is shown once.'))
    .option('--grants <list>', 'grant types', 'client_credentials')
    .option('--scopes <list>', 'scopes that it may get', '')
    .action(
      run((id: string, options: AddOptions) =>
        change(context, options, (loaded) => ({
          what: `register the client ${quoted(id)}`,
          canDo: async () => ((await clientsOf(loaded).find(id)) === undefined ? { ok: true } : { ok: false, reason: 'taken' }),
          async make() {
            const registered = await clientsOf(loaded).register({
              id,
              grants: namesIn(options.grants),
              scopes: namesIn(options.scopes ?? ''),
            })
            if (!registered.ok) return { ok: false, reason: registered.reason }
            return { ok: true, clientId: id, secretId: registered.secret?.id, secret: registered.secret?.secret }
          },
        })),
      ),
    )
  for (const [step, description] of [
    ['lock', 'Ends everything that a client has, and lets it get nothing more.'],
    ['unlock', 'Lets a client get new tokens.'],
  ] as const)
    withChangeOptions(clients.command(step).argument('<id>').description(description)).action(
      run((id: string, options: ChangeOptions) =>
        change(context, options, (loaded) => ({
          what: `${step} the client ${quoted(id)}`,
          canDo: () => isThere(clientsOf(loaded), id),
          make: async () => resultOf(await clientsOf(loaded)[step](id)),
        })),
      ),
    )
  addSecrets(clients, context, run)
}
