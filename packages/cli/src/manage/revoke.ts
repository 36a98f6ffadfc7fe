import type { RevocationEntry } from '@countersign/core'
import type { Command } from 'commander'
import { type CommandContext, UsageError } from '../command/context.js'
import { guardIn, type LoadedConfig } from '../config/load-config.js'
import { decodeToken } from '../explain/decode-token.js'
import { readPresented } from '../explain/presented.js'
import { type ChangeOptions, change, partOf } from './change.js'
import { type Run, withChangeOptions } from './options.js'

type RevokeOptions = ChangeOptions & { readonly issuer?: string }

function issuerOf({ config, path }: LoadedConfig, given: string | undefined): string {
  const own = guardIn(config)
    ?.verifier.describe()
    .find(({ via }) => via === 'own')?.issuer
  const issuer = given ?? config.issuer ?? own
  if (issuer === undefined) throw new UsageError(`--issuer must be given, because ${path} exports no issuer`)
  return issuer
}

/** The entry for one token: its id and its end are in it, and nothing of it has to be believed to refuse it. */
function entryOfToken(input: string): RevocationEntry {
  const { claims } = decodeToken(readPresented(input).token)
  const { iss: issuer, jti, exp: expiresAt } = claims ?? {}
  if (typeof issuer !== 'string' || typeof jti !== 'string' || typeof expiresAt !== 'number')
    throw new UsageError('the token on standard input must have iss, jti and exp; without jti, revoke its subject or its client')
  return { type: 'jti', issuer, jti, expiresAt }
}

const shown = ({ type, ...members }: RevocationEntry): string =>
  `revoke ${type} ${Object.values(members)
    .map((value) => JSON.stringify(value))
    .join(' ')}`

function revoking(context: CommandContext, options: RevokeOptions, entryOf: (loaded: LoadedConfig) => RevocationEntry): Promise<number> {
  return change(context, options, (loaded) => {
    const { revocations, server } = loaded.config
    const target = partOf(loaded, revocations ?? server?.revocations, 'revocations, which createSharedRevocations returns, or server')
    const entry = entryOf(loaded)
    return {
      what: shown(entry),
      async make() {
        await target.revoke(entry)
        return { ok: true }
      },
    }
  })
}

/** Adds `revoke token`, `subject`, `client` and `key`. */
export function addRevoke(program: Command, context: CommandContext, run: Run): void {
  const revoke = program.command('revoke').description('Puts something on the denylist of the config.')
  const issuer = ['--issuer <iss>', 'whose tokens; default: the issuer of the config'] as const
  withChangeOptions(revoke.command('token').description('The token on standard input.')).action(
    run(async (options: RevokeOptions) => {
      const entry = entryOfToken(await context.readInput())
      return revoking(context, options, () => entry)
    }),
  )
  withChangeOptions(revoke.command('subject').argument('<subject>').description('All tokens of a subject until now.'))
    .option(...issuer)
    .action(
      run((subject: string, options: RevokeOptions) =>
        revoking(context, options, (loaded) => ({
          type: 'subject',
          issuer: issuerOf(loaded, options.issuer),
          subject,
          notBefore: Math.floor(context.now() / 1000) + 1,
        })),
      ),
    )
  withChangeOptions(
    revoke.command('client').argument('<client>').description('All tokens of a client of another issuer. Your own: clients lock.'),
  )
    .option(...issuer)
    .action(
      run((clientId: string, options: RevokeOptions) =>
        revoking(context, options, (loaded) => ({ type: 'client', issuer: issuerOf(loaded, options.issuer), clientId })),
      ),
    )
  withChangeOptions(revoke.command('key').argument('<kid>').description('A signing key of another issuer. Your own: keys revoke.'))
    .option(...issuer)
    .action(
      run((kid: string, options: RevokeOptions) =>
        revoking(context, options, (loaded) => ({ type: 'signing_key', issuer: issuerOf(loaded, options.issuer), kid })),
      ),
    )
}
