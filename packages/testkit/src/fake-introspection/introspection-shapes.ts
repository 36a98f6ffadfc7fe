/** Servers whose answers the fake can imitate. */
export type IntrospectionShape = 'hydra' | 'keycloak' | 'spring' | 'plain'

/** What a token is about, before a shape puts it into words. */
export interface IntrospectedToken {
  readonly issuer: string
  readonly token: string
  /** Epoch seconds. */
  readonly now: number
}

/** Members of an answer. */
export type IntrospectionMembers = Readonly<Record<string, unknown>>

const common = ({ issuer, now }: IntrospectedToken) => ({ active: true, iss: issuer, sub: 'user-1', iat: now - 10, exp: now + 300 })

/** What each server says of a good access token with the scopes `read write` for the audience `https://api.test`. */
const shapes: Readonly<Record<IntrospectionShape, (token: IntrospectedToken) => IntrospectionMembers>> = {
  plain: (token) => ({
    ...common(token),
    aud: 'https://api.test',
    client_id: 'app',
    scope: 'read write',
    token_type: 'Bearer',
    jti: 'jti-1',
  }),
  hydra: (token) => ({
    ...common(token),
    scope: 'read write',
    client_id: 'app',
    nbf: token.now - 10,
    aud: ['https://api.test'],
    token_type: 'Bearer',
    token_use: 'access_token',
    ext: { tenant: 't1' },
  }),
  keycloak: (token) => ({
    ...common(token),
    jti: 'trrtcc:8d4a6c52',
    aud: ['https://api.test', 'account'],
    typ: 'Bearer',
    azp: 'app',
    acr: '1',
    'allowed-origins': ['/*'],
    realm_access: { roles: ['offline_access'] },
    scope: 'read write',
    email_verified: false,
    preferred_username: 'user',
    client_id: 'app',
    username: 'user',
    token_type: 'Bearer',
  }),
  spring: (token) => ({
    ...common(token),
    aud: ['https://api.test'],
    nbf: token.now - 10,
    scope: 'read write',
    client_id: 'app',
    token_type: 'Bearer',
    jti: '4f7b8f3a-5a47-4b76-9c65-2a8a0d4a7a10',
  }),
}

/** The answer about a good token, in the words of a server. */
export function introspectionAnswer(shape: IntrospectionShape, token: IntrospectedToken): IntrospectionMembers {
  return shapes[shape](token)
}
