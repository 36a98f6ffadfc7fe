import type { KeyObject } from 'node:crypto'
import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'

/** What a client of the API knows of itself. */
export interface NuanceClient {
  /** URL of the token endpoint. */
  readonly tokenEndpoint: string
  readonly id: string
  readonly secret: string
  /** Name of the registered key. */
  readonly kid: string
  readonly privateKey: KeyObject
}

/** Signs a token of a user with the key of the client, and exchanges it for an access token (RFC 8693), as a real client does. */
export async function accessTokenFor(client: NuanceClient, user: { readonly sub: string; readonly email: string }): Promise<string> {
  const subjectToken = await new SignJWT({ email: user.email })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: client.kid })
    .setIssuer('BELISLE')
    .setAudience('NUANCE')
    .setSubject(user.sub)
    .setJti(randomUUID())
    .setIssuedAt()
    .setNotBefore('0s')
    .setExpirationTime('24h')
    .sign(client.privateKey)
  const response = await fetch(client.tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    }),
  })
  const { access_token: token, error } = (await response.json()) as { readonly access_token?: string; readonly error?: string }
  if (token === undefined) throw new Error(`the token endpoint answered ${response.status} ${error}`)
  return token
}
