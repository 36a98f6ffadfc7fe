import { randomBytes } from 'node:crypto'

/** What the environment says. */
export interface Settings {
  /** 0 stands for any free one. */
  readonly port: number
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly seedFile: string | undefined
  /** What secrets of the process are derived from; undefined where nothing was said. */
  readonly appSecret: string | undefined
  /** Lets an operator in; a random one where nothing was said. */
  readonly operatorToken: string
  readonly isOperatorTokenGiven: boolean
  /** Whether refusals are logged. Not into a pipe that nobody may be reading, unless that is asked for: it would fill up, and block. */
  readonly logsRefusals: boolean
}

/** Ends the process: it cannot start like this. */
export function stop(message: string): never {
  console.error(message)
  process.exit(1)
}

const leastSecretBytes = 32

/** Reads the environment. What is set to nothing is not set. Ends the process with a message if something is wrong. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const port = Number(env.PORT?.trim() || 3000)
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) stop('PORT is the number of a port; 0 stands for any free one')
  if (env.APP_SECRET && Buffer.byteLength(env.APP_SECRET) < leastSecretBytes)
    stop('APP_SECRET is too short: 32 bytes or more, for instance of `openssl rand -hex 32`')
  if (env.OPERATOR_TOKEN && !/^[\x21-\x7e]{16,}$/.test(env.OPERATOR_TOKEN))
    stop('OPERATOR_TOKEN is 16 printable characters or more, for instance of `openssl rand -hex 32`')
  if (env.LOG_REFUSALS && !['on', 'off'].includes(env.LOG_REFUSALS)) stop('LOG_REFUSALS is on or off')
  return {
    port,
    databaseUrl: env.DATABASE_URL || undefined,
    redisUrl: env.REDIS_URL || undefined,
    seedFile: env.SEED_FILE || undefined,
    appSecret: env.APP_SECRET || undefined,
    operatorToken: env.OPERATOR_TOKEN || randomBytes(24).toString('base64url'),
    isOperatorTokenGiven: Boolean(env.OPERATOR_TOKEN),
    logsRefusals: env.LOG_REFUSALS ? env.LOG_REFUSALS === 'on' : process.stdout.isTTY,
  }
}
