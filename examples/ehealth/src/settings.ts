/** What the environment says. */
export interface Settings {
  /** 0 stands for any free one. */
  readonly port: number
  /** Life of a nonce. */
  readonly ttlSeconds: number
  /** What nonces are signed with; undefined where nothing was said. */
  readonly secret: string | undefined
  readonly redisUrl: string | undefined
  readonly seedFile: string | undefined
}

/** Ends the process: it cannot start like this. */
export function stop(message: string): never {
  console.error(message)
  process.exit(1)
}

const yearMinutes = 366 * 24 * 60

/** Reads the environment. What is set to nothing is not set. Ends the process with a message if something is missing or wrong. */
export function readSettings({ PORT, JWT_LOGIN_TTL, JWT_SECRET, REDIS_URL, SEED_FILE }: NodeJS.ProcessEnv): Settings {
  const minutes = Number(JWT_LOGIN_TTL?.trim() || Number.NaN)
  if (!(minutes > 0 && minutes <= yearMinutes))
    stop('JWT_LOGIN_TTL is required: the life of a nonce in minutes, a positive number, at most a year. For a first try: JWT_LOGIN_TTL=15')
  const port = Number(PORT?.trim() || 3000)
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) stop('PORT is the number of a port; 0 stands for any free one')
  if (JWT_SECRET && Buffer.byteLength(JWT_SECRET) < 64)
    stop('JWT_SECRET is too short: HS512 needs 64 bytes or more, for instance of `openssl rand -hex 64`')
  return {
    port,
    ttlSeconds: minutes * 60,
    secret: JWT_SECRET || undefined,
    redisUrl: REDIS_URL || undefined,
    seedFile: SEED_FILE || undefined,
  }
}
