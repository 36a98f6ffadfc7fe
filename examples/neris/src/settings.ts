/** A user pool of Amazon Cognito, or an emulator of one. */
export interface PoolSettings {
  readonly userPoolId: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  /** Base URL of an emulator; undefined for AWS. */
  readonly endpoint: string | undefined
  /** `iss` of an emulator that has one of its own; undefined for that of AWS. */
  readonly issuer: string | undefined
}

/** What the environment says. */
export interface Settings {
  /** 0 stands for any free one. */
  readonly port: number
  /** `iss` and `aud` of what we sign. */
  readonly issuer: string
  /** Undefined for a user pool in this process. */
  readonly pool: PoolSettings | undefined
  readonly smtpUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly databaseUrl: string | undefined
  readonly seedFile: string | undefined
  /** All secrets are derived from it; undefined for one that is made and kept in the store. */
  readonly appSecret: string | undefined
  /** Begins all keys in the store; undefined for one that follows from the seed. */
  readonly storePrefix: string | undefined
  /** How many proxies stand before the app and tell the address of a client. */
  readonly trustedProxies: number
}

/** The process cannot start like this; the message is for the person who starts it. */
export class BadSettings extends Error {
  override readonly name = 'BadSettings'
}

type Environment = Readonly<Record<string, string | undefined>>

function wholeNumber(name: string, text: string | undefined, usual: number, largest: number): number {
  const number = Number(text?.trim() || usual)
  if (Number.isInteger(number) && number >= 0 && number <= largest) return number
  throw new BadSettings(`${name} is a whole number from 0 to ${largest}`)
}

function url(name: string, text: string | undefined, protocols: readonly string[]): string | undefined {
  if (!text) return undefined
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text
  throw new BadSettings(`${name} is a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`)
}

function poolSettings(env: Environment): PoolSettings | undefined {
  const userPoolId = env.COGNITO_USER_POOL_ID || env.COGNITO_POOL_ID || env.COGNITO_POOL || undefined
  const clientId = env.COGNITO_CLIENT_ID || env.COGNITO_CLIENT || undefined
  const endpoint = url('COGNITO_ENDPOINT', env.COGNITO_ENDPOINT, ['http:', 'https:'])
  if (userPoolId === undefined && clientId === undefined && endpoint === undefined) return undefined
  if (userPoolId === undefined || clientId === undefined)
    throw new BadSettings('COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID go together, and with COGNITO_ENDPOINT')
  // Pools of cognito-local are called like this, and their tokens say where it stands.
  const isLocal = endpoint !== undefined && userPoolId.startsWith('local_')
  const issuer = env.COGNITO_ISSUER || (isLocal ? `${endpoint.replace(/\/$/, '')}/${userPoolId}` : undefined)
  return { userPoolId, clientId, clientSecret: env.COGNITO_CLIENT_SECRET || undefined, endpoint, issuer }
}

const minSecretBytes = 32

/**
 * Reads the environment. What is set to nothing is not set.
 *
 * @throws BadSettings if something is wrong
 */
export function readSettings(env: Environment): Settings {
  const appSecret = env.APP_SECRET || undefined
  if (appSecret !== undefined && Buffer.byteLength(appSecret) < minSecretBytes)
    throw new BadSettings('APP_SECRET is too short: 32 bytes or more, for instance of `openssl rand -base64 48`')
  const storePrefix = env.STORE_PREFIX || undefined
  if (storePrefix !== undefined && !/^[A-Za-z0-9_.:-]{1,64}$/.test(storePrefix))
    throw new BadSettings('STORE_PREFIX is 1 to 64 letters, digits and _ . : -')
  return {
    port: wholeNumber('PORT', env.PORT, 3000, 65_535),
    issuer: url('ISSUER', env.ISSUER, ['http:', 'https:']) ?? 'https://neris.example/v1',
    pool: poolSettings(env),
    smtpUrl: url('SMTP_URL', env.SMTP_URL, ['smtp:', 'smtps:']),
    redisUrl: url('REDIS_URL', env.REDIS_URL, ['redis:', 'rediss:']),
    databaseUrl: url('DATABASE_URL', env.DATABASE_URL, ['postgres:', 'postgresql:']),
    seedFile: env.SEED_FILE || undefined,
    appSecret,
    storePrefix,
    trustedProxies: wholeNumber('TRUSTED_PROXIES', env.TRUSTED_PROXIES, 0, 16),
  }
}
