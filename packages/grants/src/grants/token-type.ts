/** The grant type of token exchange (RFC 8693 §2.1). */
export const tokenExchangeType = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** The grant type of an assertion (RFC 7523 §2.1). */
export const jwtBearerType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Kinds of tokens (RFC 8693 §3): one that the client signed, and one that an issuer gave for a resource. */
export const tokenTypes = {
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
} as const
