import type { FakeChallenge, FakeChallenges } from './challenges.js'
import { checkClientSecret, checkSecretHash, type FakeCognitoClient, type FakeCognitoClients } from './clients.js'
import { CognitoFault, invalidParameter, notAuthorized } from './fault.js'
import type { FakeLockout } from './lockout.js'
import type { FakeCognitoTokens } from './tokens.js'
import type { FakeCognitoUser, FakeCognitoUsers } from './users.js'

/** Operations that the fake pool knows, as the header `X-Amz-Target` names them. */
export type FakeCognitoOperation =
  | 'InitiateAuth'
  | 'RespondToAuthChallenge'
  | 'GetTokensFromRefreshToken'
  | 'GetUser'
  | 'RevokeToken'
  | 'GlobalSignOut'

/** The body of a call. */
export type FakeCognitoInput = Readonly<Record<string, unknown>>

/** Parts of the pool that operations work on. */
export interface FakeCognitoPool {
  readonly users: FakeCognitoUsers
  readonly clients: FakeCognitoClients
  readonly challenges: FakeChallenges
  readonly tokens: FakeCognitoTokens
  readonly lockout: FakeLockout
}

type Operations = Readonly<Record<FakeCognitoOperation, (input: FakeCognitoInput) => Promise<object>>>
type Parameters = Readonly<Record<string, string | undefined>>

/** Answers to a code, by the challenge that asks for one. */
const codeParameters: Readonly<Record<string, string>> = {
  EMAIL_OTP: 'EMAIL_OTP_CODE',
  EMAIL_MFA: 'EMAIL_MFA_CODE',
  SMS_MFA: 'SMS_MFA_CODE',
  SOFTWARE_TOKEN_MFA: 'SOFTWARE_TOKEN_MFA_CODE',
}

function parametersOf(value: unknown): Parameters {
  if (value === undefined) return {}
  const isMap = typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string')
  if (!isMap) throw new CognitoFault('SerializationException', 'a map of texts was expected')
  return value as Parameters
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw invalidParameter(`Missing required parameter ${name}`)
  return value
}

function checkStatus(user: FakeCognitoUser): void {
  if (!user.isEnabled) throw notAuthorized('User is disabled.')
  if (user.status === 'UNCONFIRMED') throw new CognitoFault('UserNotConfirmedException', 'User is not confirmed.')
  if (user.status === 'RESET_REQUIRED') throw new CognitoFault('PasswordResetRequiredException', 'Password reset required for the user')
}

/** Makes the operations of a pool. */
export function createFakeOperations(pool: FakeCognitoPool): Operations {
  const { users, clients, challenges, tokens, lockout } = pool

  /** The challenge as the body of a reply, or the tokens where there is none. */
  async function goOn(user: FakeCognitoUser, client: FakeCognitoClient, challenge: FakeChallenge | undefined): Promise<object> {
    if (challenge) return challenge
    return { AuthenticationResult: await tokens.signIn(user, client), ChallengeParameters: {} }
  }

  async function signIn(client: FakeCognitoClient, parameters: Parameters): Promise<object> {
    const name = text(parameters.USERNAME, 'USERNAME')
    const password = text(parameters.PASSWORD, 'PASSWORD')
    if (client.allowsPasswords === false) throw invalidParameter('USER_PASSWORD_AUTH flow not enabled for this client')
    checkSecretHash(client, parameters.SECRET_HASH, [name])
    lockout.check(name.toLowerCase())
    const user = users.find(name)
    if (!user && client.preventUserExistenceErrors === false) throw new CognitoFault('UserNotFoundException', 'User does not exist.')
    // Cognito says so before it looks at the password.
    if (user) checkStatus(user)
    if (user?.password !== password) {
      lockout.wrong(name.toLowerCase())
      throw notAuthorized('Incorrect username or password.')
    }
    lockout.right(name.toLowerCase())
    const isTemporary = user.status === 'FORCE_CHANGE_PASSWORD'
    const challenge = isTemporary ? challenges.newPassword(user, client.clientId) : challenges.afterPassword(user, client.clientId)
    return goOn(user, client, challenge)
  }

  async function refreshWithFlow(client: FakeCognitoClient, parameters: Parameters): Promise<object> {
    const token = text(parameters.REFRESH_TOKEN, 'REFRESH_TOKEN')
    if (client.refreshRotation === true) throw invalidParameter('REFRESH_TOKEN_AUTH flow not enabled for this client')
    const owner = tokens.ownerOf(token)
    // Nobody typed a name here: the pool takes its own.
    checkSecretHash(client, parameters.SECRET_HASH, owner ? [owner.username] : [])
    return { AuthenticationResult: await tokens.refresh(token, client, false), ChallengeParameters: {} }
  }

  async function answer(client: FakeCognitoClient, user: FakeCognitoUser, input: FakeCognitoInput): Promise<object> {
    const { clientId } = client
    const name = text(input.ChallengeName, 'ChallengeName')
    const session = text(input.Session, 'Session')
    const responses = parametersOf(input.ChallengeResponses)
    challenges.open(session, { name, sub: user.sub, clientId })
    if (name === 'SELECT_MFA_TYPE') {
      const chosen = text(responses.ANSWER, 'ANSWER')
      challenges.end(session)
      return challenges.factor(user, clientId, chosen)
    }
    if (name === 'NEW_PASSWORD_REQUIRED') {
      const password = text(responses.NEW_PASSWORD, 'NEW_PASSWORD')
      if (password.length < 8)
        throw new CognitoFault('InvalidPasswordException', 'Password does not conform to policy: Password not long enough')
      const changed = users.change(user.sub, { password, status: 'CONFIRMED' })
      challenges.end(session)
      return goOn(changed, client, challenges.afterPassword(changed, clientId))
    }
    challenges.checkCode(session, user, responses[codeParameters[name] ?? ''])
    challenges.end(session)
    return goOn(user, client, undefined)
  }

  return {
    async InitiateAuth({ AuthFlow, AuthParameters, ClientId }) {
      const client = clients.find(ClientId)
      const parameters = parametersOf(AuthParameters)
      if (AuthFlow === 'USER_PASSWORD_AUTH') return signIn(client, parameters)
      if (AuthFlow === 'REFRESH_TOKEN_AUTH' || AuthFlow === 'REFRESH_TOKEN') return refreshWithFlow(client, parameters)
      throw invalidParameter(`${String(AuthFlow)} flow not enabled for this client`)
    },
    async RespondToAuthChallenge(input) {
      const client = clients.find(input.ClientId)
      const { USERNAME, SECRET_HASH } = parametersOf(input.ChallengeResponses)
      const name = text(USERNAME, 'USERNAME')
      checkSecretHash(client, SECRET_HASH, [name])
      const user = users.find(name)
      if (!user) throw notAuthorized('Invalid session for the user.')
      checkStatus(user)
      return answer(client, user, input)
    },
    async GetTokensFromRefreshToken({ RefreshToken, ClientId, ClientSecret }) {
      const client = clients.find(ClientId)
      checkClientSecret(client, ClientSecret === undefined ? undefined : text(ClientSecret, 'ClientSecret'))
      return { AuthenticationResult: await tokens.refresh(text(RefreshToken, 'RefreshToken'), client, true) }
    },
    async GetUser({ AccessToken }) {
      const user = tokens.userOf(text(AccessToken, 'AccessToken'))
      const { username: Username, sub, email, factors, preferred } = user
      const attributes = { sub, email, email_verified: String(user.isEmailVerified ?? true) }
      const UserAttributes = Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }))
      return {
        Username,
        UserAttributes,
        ...(factors.length > 0 && { UserMFASettingList: factors, PreferredMfaSetting: preferred ?? factors[0] }),
      }
    },
    async RevokeToken({ Token, ClientId, ClientSecret }) {
      const client = clients.find(ClientId)
      checkClientSecret(client, ClientSecret === undefined ? undefined : text(ClientSecret, 'ClientSecret'))
      tokens.revoke(text(Token, 'Token'), client)
      return {}
    },
    async GlobalSignOut({ AccessToken }) {
      tokens.signOut(tokens.userOf(text(AccessToken, 'AccessToken')).sub)
      return {}
    },
  }
}
