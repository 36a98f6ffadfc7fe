import type { RotatingSecrets, Secret } from '@countersign/core'

/** What the environment says. */
export interface Settings {
  /** 0 stands for any free one. */
  readonly port: number
  /** Life of a nonce. */
  readonly lifetimeSeconds: number
  /** What nonces are signed with, and what else is still or already accepted; undefined where nothing was said. */
  readonly secrets: RotatingSecrets | undefined
  readonly redisUrl: string | undefined
  readonly seedFile: string | undefined
}

/** Ends the process: it cannot start like this. */
export function stop(message: string): never {
  console.error(message)
  process.exit(1)
}

const secretNames = ['JWT_SECRET', 'JWT_NEXT_SECRET', 'JWT_PREVIOUS_SECRET'] as const

/** The secret of that variable, with its id. The first one of a system has none, and its nonces no `kid`. */
function secretOf(name: (typeof secretNames)[number], env: NodeJS.ProcessEnv): Secret | undefined {
  const [secret, id = ''] = [env[name], env[`${name}_ID`]]
  if (!secret && id !== '') stop(`${name}_ID must stand beside ${name}, which is missing`)
  if (!secret) return undefined
  if (Buffer.byteLength(secret) < 64) stop(`${name} is too short: HS512 needs 64 bytes or more, for instance of \`openssl rand -hex 64\``)
  if (!/^[\w.-]{0,64}$/.test(id)) stop(`${name}_ID must be at most 64 letters, digits, dots, hyphens and underscores`)
  return { id, secret }
}

function secretsOf(env: NodeJS.ProcessEnv): RotatingSecrets | undefined {
  const [current, ...others] = secretNames.map((name) => secretOf(name, env))
  const accepted = others.filter((secret) => secret !== undefined)
  if (current === undefined && accepted.length > 0) stop('JWT_SECRET must be set where JWT_NEXT_SECRET or JWT_PREVIOUS_SECRET is')
  if (current === undefined) return undefined
  if (new Set([current, ...accepted].map(({ id }) => id)).size <= accepted.length)
    stop('JWT_SECRET_ID, JWT_NEXT_SECRET_ID and JWT_PREVIOUS_SECRET_ID must differ: only the first secret of a system has no id')
  return { current, previous: accepted }
}

const yearMinutes = 366 * 24 * 60

/** Reads the environment. What is set to nothing is not set. Ends the process with a message if something is missing or wrong. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { PORT, JWT_LOGIN_TTL, REDIS_URL, SEED_FILE } = env
  const minutes = Number(JWT_LOGIN_TTL?.trim() || Number.NaN)
  if (!(minutes > 0 && minutes <= yearMinutes))
    stop('JWT_LOGIN_TTL is required: the life of a nonce in minutes, a positive number, at most a year. For a first try: JWT_LOGIN_TTL=15')
  const port = Number(PORT?.trim() || 3000)
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) stop('PORT is the number of a port; 0 stands for any free one')
  return {
    port,
    lifetimeSeconds: minutes * 60,
    secrets: secretsOf(env),
    redisUrl: REDIS_URL || undefined,
    seedFile: SEED_FILE || undefined,
  }
}
