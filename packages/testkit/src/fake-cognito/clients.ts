import { createHmac } from 'node:crypto'
import { isSameSecret } from '@countersign/core'
import { CognitoFault, notAuthorized } from './fault.js'

/** An app client of the fake pool. */
export interface FakeCognitoClient {
  readonly clientId: string
  /** Given, every call needs a SECRET_HASH. @defaultValue none */
  readonly clientSecret?: string
  /** Refresh tokens are for one use; `REFRESH_TOKEN_AUTH` is off then, as Cognito wants it. @defaultValue false */
  readonly refreshRotation?: boolean
  /** How long a rotated refresh token works on. @defaultValue 0 */
  readonly rotationGraceSeconds?: number
  /** @defaultValue 30 days */
  readonly refreshTokenLifetimeSeconds?: number
  /** @defaultValue 3600 */
  readonly accessTokenLifetimeSeconds?: number
  /** Whether an unknown user is a wrong password. @defaultValue true */
  readonly preventUserExistenceErrors?: boolean
  /** @defaultValue true */
  readonly allowsPasswords?: boolean
}

/** The app clients of a pool. */
export interface FakeCognitoClients {
  /** @throws CognitoFault for a client that the pool does not have */
  find(clientId: unknown): FakeCognitoClient
}

/** Makes the list of app clients. */
export function createFakeClients(list: readonly FakeCognitoClient[]): FakeCognitoClients {
  return {
    find(clientId) {
      const client = list.find((one) => one.clientId === clientId)
      if (!client) throw new CognitoFault('ResourceNotFoundException', `User pool client ${String(clientId)} does not exist.`)
      return client
    },
  }
}

const isSame = (left: string, right: string): boolean => isSameSecret(Buffer.from(left), Buffer.from(right))

/** Judges a SECRET_HASH over any of the names that the caller may have used. */
export function checkSecretHash(client: FakeCognitoClient, given: string | undefined, names: readonly string[]): void {
  const { clientId, clientSecret } = client
  if (clientSecret === undefined) {
    if (given !== undefined) throw notAuthorized(`Client ${clientId} is not configured with secret but SECRET_HASH was received`)
    return
  }
  if (given === undefined) throw notAuthorized(`Client ${clientId} is configured with secret but SECRET_HASH was not received`)
  const isRight = names.some((name) => isSame(given, createHmac('sha256', clientSecret).update(`${name}${clientId}`).digest('base64')))
  if (!isRight) throw notAuthorized(`Unable to verify secret hash for client ${clientId}`)
}

/** Judges a secret that is sent as it is. */
export function checkClientSecret({ clientId, clientSecret }: FakeCognitoClient, given: string | undefined): void {
  if ((clientSecret === undefined) !== (given === undefined) || (clientSecret ?? '') !== (given ?? ''))
    throw notAuthorized(`Unable to verify secret for client ${clientId}`)
}
