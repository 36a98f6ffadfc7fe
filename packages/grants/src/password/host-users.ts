import { createHash, randomBytes, randomInt } from 'node:crypto'
import {
  checkOptions,
  isSameSecret,
  kind,
  type OptionShape,
  type PasswordAuthenticator,
  type RecordCodec,
  recordCodec,
  type SignedIn,
} from '@countersign/core'

/** A user of the host's own table. */
export interface HostUser {
  /** `sub`: who it is, for ever and to nobody else. */
  readonly subject: string
  /** As the host's own hash made it, with a salt. A code that is open is kept sealed with it: nobody may be able to guess it. */
  readonly passwordHash: string
  /** Disabled, unconfirmed, to be reset: does not sign in, and nobody learns why. */
  readonly isDisabled?: boolean
  /**
   * Changes with the password, and with nothing else: a number, a time. A code that was sent for the password before is not taken.
   * @defaultValue a digest of `passwordHash`; needed where the host renews hashes of the same password
   */
  readonly passwordVersion?: string | number
  /** Whether a code is required after the password. */
  readonly needsCode: boolean
  /** Further claims of the access token. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** A password that was right. */
export interface PasswordVerdict {
  /** Whose it is. */
  readonly subject: string
  /** What `passwordVersion` of the user is from now on. @defaultValue that of the user */
  readonly passwordVersion?: string | number
}

/** Options of {@link hostUsers}. */
export interface HostUsersOptions<User extends HostUser> {
  /** Undefined for a name that nobody has. */
  readonly findUser: (username: string) => Promise<User | undefined>
  /** The host's own check, for instance `argon2.verify`. It runs once on every path. Only `true` or a verdict on this user is right. */
  readonly verifyPassword: (passwordHash: string, password: string) => Promise<boolean | PasswordVerdict | undefined>
  /** A hash made like all others, of no password. A password for an unknown user is checked against it. */
  readonly unknownUserHash: string
  /**
   * Sends a code to the user: once while a code is open, and not beyond `limits.codesSent` of `passwordGrants`. What it rejects with is
   * for the host's error handler; the code counts as sent.
   */
  readonly sendCode: (user: User, code: string) => Promise<void>
  /** What the challenge is called. @defaultValue `'email_otp'` */
  readonly challengeType?: string
  /** 6 to 8. @defaultValue 6 */
  readonly codeDigits?: number
  /** A whole number from 0 up to but not including `limit`, by which codes are made. */
  readonly randomInt?: (limit: number) => number
}

const shape: OptionShape<HostUsersOptions<HostUser>> = {
  findUser: kind.required(kind.func),
  verifyPassword: kind.required(kind.func),
  unknownUserHash: kind.required({ ...kind.string, isSecret: true }),
  sendCode: kind.required(kind.func),
  challengeType: kind.string,
  codeDigits: kind.number({ isInteger: true, least: 6, most: 8 }),
  randomInt: kind.func,
}

interface CodeState {
  readonly username: string
  readonly subject: string
  readonly salt: string
  readonly hash: string
}

/** Stored names never change: a code that was sent before an update is answered after it. */
const storedCode: RecordCodec<CodeState> = recordCodec({ username: 'username', subject: 'subject', salt: 'salt', hash: 'hash' })

const hashOf = (salt: string, code: string): Buffer => createHash('sha256').update(`${salt}:${code}`).digest()

function signedIn({ subject, claims }: Pick<HostUser, 'subject' | 'claims'>, amr: readonly string[]): SignedIn {
  return { outcome: 'signed_in', subject, amr, ...(claims && { claims }) }
}

/** Of a hash nothing is kept but a digest: the store is not the host's table of users. */
function versionOf({ passwordVersion, passwordHash }: Pick<HostUser, 'passwordVersion' | 'passwordHash'>): string | number {
  return passwordVersion ?? createHash('sha256').update(`password version:${passwordHash}`).digest('base64url')
}

/** The user as the host's check leaves it; undefined where the password was wrong. */
function verifiedUser<User extends HostUser>(user: User | undefined, verdict: boolean | PasswordVerdict | undefined): User | undefined {
  if (user === undefined || verdict === true) return user
  if (typeof verdict !== 'object' || verdict === null || verdict.subject !== user.subject) return undefined
  const { passwordVersion } = verdict
  if (passwordVersion === undefined) return user
  if (user.passwordVersion === undefined)
    throw new TypeError('hostUsers: findUser must give a passwordVersion where verifyPassword does, got undefined')
  return { ...user, passwordVersion }
}

/**
 * An authenticator over the host's own users: the host looks up, checks with its own hash and sends the code.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function hostUsers<User extends HostUser>(options: HostUsersOptions<User>): PasswordAuthenticator {
  checkOptions('hostUsers', options, shape)
  const { findUser, verifyPassword, unknownUserHash, sendCode, challengeType = 'email_otp', codeDigits = 6 } = options
  const pick = options.randomInt ?? ((limit: number) => randomInt(limit))

  return {
    async start({ username, password }) {
      const found = await findUser(username)
      const user = verifiedUser(found, await verifyPassword(found?.passwordHash ?? unknownUserHash, password))
      if (user === undefined || user.isDisabled === true) return { outcome: 'refused' }
      if (!user.needsCode) return signedIn(user, ['pwd'])
      const code = String(pick(10 ** codeDigits)).padStart(codeDigits, '0')
      const salt = randomBytes(16).toString('base64url')
      const state: CodeState = { username, subject: user.subject, salt, hash: hashOf(salt, code).toString('base64url') }
      return {
        outcome: 'challenge',
        types: [challengeType],
        user: user.subject,
        passwordVersion: versionOf(user),
        state: JSON.stringify(storedCode.toRecord(state)),
        code: { sealedWith: user.passwordHash, send: () => sendCode(user, code) },
      }
    },
    async answerChallenge({ state, code }) {
      const kept = storedCode.fromRecord(JSON.parse(state) as object)
      // People copy codes with spaces around and in them.
      const isRight = isSameSecret(hashOf(kept.salt, code.replaceAll(' ', '')), Buffer.from(kept.hash, 'base64url'))
      if (!isRight) return { outcome: 'wrong_code', state }
      // Minutes may have passed since the password.
      const user = await findUser(kept.username)
      if (user === undefined || user.subject !== kept.subject || user.isDisabled === true) return { outcome: 'refused' }
      return { ...signedIn(user, ['pwd', 'otp', 'mfa']), passwordVersion: versionOf(user) }
    },
  }
}
