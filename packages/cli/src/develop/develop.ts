import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { signJwt } from '@countersign/jwt'
import type { Command } from 'commander'
import { type CommandContext, exitCode, UsageError } from '../command/context.js'
import { createPrinter } from '../command/printer.js'
import type { Run } from '../manage/options.js'
import { developmentKey, developmentPort, refuseInProduction } from './development-key.js'

interface MintOptions {
  readonly issuer: string
  readonly audience: string
  readonly subject: string
  readonly scope?: string
  readonly client?: string
  readonly lifetimeSeconds: string
}

const defaultIssuer = `http://localhost:${developmentPort}`

function lifetimeOf(text: string): number {
  const seconds = Number(text)
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400)
    throw new UsageError(`--lifetime-seconds must be 1 to 86400, got ${JSON.stringify(text)}`)
  return seconds
}

/** Prints a token of the development issuer, and nothing else: it goes into a variable. */
async function mint(context: CommandContext, options: MintOptions): Promise<number> {
  refuseInProduction(context, 'token mint')
  const { signer } = developmentKey(context.folder)
  const now = Math.floor(context.now() / 1000)
  const { issuer: iss, audience: aud, subject: sub, scope, client } = options
  const claims = {
    iss,
    aud,
    sub,
    scope,
    client_id: client,
    iat: now,
    exp: now + lifetimeOf(options.lifetimeSeconds),
    jti: randomBytes(16).toString('base64url'),
  }
  createPrinter(context).line(await signJwt(claims, { signer, typ: 'at+jwt' }))
  return exitCode.ok
}

interface IssuerOptions {
  readonly port: string
}

/** Serves the keys of the development issuer, until the process is ended. The app may be in the same process. */
async function serve(context: CommandContext, app: string | undefined, { port }: IssuerOptions): Promise<number> {
  refuseInProduction(context, 'dev-issuer')
  const body = JSON.stringify(developmentKey(context.folder).jwks)
  const server = createServer((request, response) => {
    const isKeys = request.method === 'GET' && request.url === '/.well-known/jwks.json'
    response.writeHead(isKeys ? 200 : 404, { 'content-type': 'application/jwk-set+json' }).end(isKeys ? body : undefined)
  })
  server.listen(Number(port), '127.0.0.1')
  await once(server, 'listening')
  const printer = createPrinter(context, context.errors)
  printer.line(`development issuer: http://localhost:${(server.address() as AddressInfo).port}`)
  printer.line('a token for the API: npx countersign token mint')
  if (app !== undefined) await context.importModule(resolve(context.folder, app))
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  return exitCode.ok
}

/** Adds `token mint` and `dev-issuer`. */
export function addDevelop(program: Command, context: CommandContext, run: Run): void {
  const token = program.command('token').description('Tokens for development.')
  token
    .command('mint')
    .description('Prints an access token of the development issuer.')
    .option('--issuer <iss>', 'iss', defaultIssuer)
    .option('--audience <aud>', 'aud', 'http://localhost:3000')
    .option('--subject <sub>', 'sub', 'developer')
    .option('--scope <list>', 'scope')
    .option('--client <id>', 'client_id')
    .option('--lifetime-seconds <n>', 'how long it is valid', '3600')
    .action(run((options: MintOptions) => mint(context, options)))
  program
    .command('dev-issuer')
    .description('Serves the key set of the development issuer, and starts the app beside it.')
    .argument('[app]', 'a file of JavaScript or TypeScript that starts the app')
    .option('--port <port>', 'where it listens', String(developmentPort))
    .action(run((app: string | undefined, options: IssuerOptions) => serve(context, app, options)))
}
