import { randomUUID } from 'node:crypto'

/** Second factors, as Cognito names them. */
export type FakeCognitoFactor = 'EMAIL_OTP' | 'SMS_MFA' | 'SOFTWARE_TOKEN_MFA'

/** A user as a test wants it. */
export interface FakeCognitoUserOptions {
  readonly email: string
  readonly password: string
  /** The name in the pool. @defaultValue `sub`, as in pools where people sign in with their address */
  readonly username?: string
  /** @defaultValue a fresh UUID */
  readonly sub?: string
  /** Several without `preferred` make the pool ask which one. @defaultValue none */
  readonly factors?: readonly FakeCognitoFactor[]
  readonly preferred?: FakeCognitoFactor
  /** base32. @defaultValue none */
  readonly totpSecret?: string
  readonly phoneNumber?: string
  readonly groups?: readonly string[]
  /** @defaultValue true */
  readonly isEmailVerified?: boolean
  /** `FORCE_CHANGE_PASSWORD` asks for a new password, `RESET_REQUIRED` refuses. @defaultValue `CONFIRMED` */
  readonly status?: 'CONFIRMED' | 'UNCONFIRMED' | 'FORCE_CHANGE_PASSWORD' | 'RESET_REQUIRED'
  /** @defaultValue true */
  readonly isEnabled?: boolean
}

/** A user of the pool. */
export type FakeCognitoUser = FakeCognitoUserOptions &
  Required<Pick<FakeCognitoUserOptions, 'username' | 'sub' | 'factors' | 'status' | 'isEnabled' | 'groups'>>

/** The users of the pool. */
export interface FakeCognitoUsers {
  add(user: FakeCognitoUserOptions): FakeCognitoUser
  /** By name, `sub`, address or telephone number; case does not matter. */
  find(name: string): FakeCognitoUser | undefined
  /** @throws Error if the user does not exist */
  change(name: string, changes: Partial<FakeCognitoUserOptions>): FakeCognitoUser
  remove(name: string): void
}

/** Makes an empty list of users. */
export function createFakeUsers(): FakeCognitoUsers {
  const bySub = new Map<string, FakeCognitoUser>()
  const find = (name: string): FakeCognitoUser | undefined => {
    const wanted = name.toLowerCase()
    return [...bySub.values()].find(({ username, sub, email, phoneNumber }) =>
      [username, sub, email, phoneNumber].some((one) => one?.toLowerCase() === wanted),
    )
  }
  const put = (user: FakeCognitoUser): FakeCognitoUser => {
    bySub.set(user.sub, user)
    return user
  }
  return {
    find,
    add(wanted) {
      const sub = wanted.sub ?? randomUUID()
      return put({ username: sub, factors: [], status: 'CONFIRMED', isEnabled: true, groups: [], ...wanted, sub })
    },
    change(name, changes) {
      const user = find(name)
      if (!user) throw new Error(`the user ${name} does not exist`)
      return put({ ...user, ...changes, sub: user.sub })
    },
    remove: (name) => void bySub.delete(find(name)?.sub ?? ''),
  }
}
