/** An error as Cognito words it: a type and a message, usually with status 400. */
export class CognitoFault extends Error {
  override readonly name = 'CognitoFault'
  readonly type: string
  readonly status: number

  constructor(type: string, message: string, status = 400) {
    super(message)
    this.type = type
    this.status = status
  }
}

/** What most refusals are. */
export function notAuthorized(message: string): CognitoFault {
  return new CognitoFault('NotAuthorizedException', message)
}

/** A request that no well-configured app sends. */
export function invalidParameter(message: string): CognitoFault {
  return new CognitoFault('InvalidParameterException', message)
}
