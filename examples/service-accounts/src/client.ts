import { randomUUID } from 'node:crypto'
import { importJWK, type JWK, SignJWT } from 'jose'

/** A private key, with the names that its JWTs have. */
export interface ClientKey {
  readonly jwk: Readonly<Record<string, unknown>>
  readonly kid: string
  readonly alg: string
}

async function signed(claims: Readonly<Record<string, unknown>>, { jwk, kid, alg }: ClientKey, lifetime: string): Promise<string> {
  const key = await importJWK(jwk as JWK, alg)
  return new SignJWT(claims)
    .setProtectedHeader({ alg, kid, typ: 'JWT' })
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .setJti(randomUUID())
    .sign(key)
}

async function tokenFrom(endpoint: string, form: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) })
  const { access_token: token, error } = (await response.json()) as { readonly access_token?: string; readonly error?: string }
  if (token === undefined) throw new Error(`the token endpoint answered ${response.status} ${error}`)
  return token
}

/** A Google-style service account: its JWT is the grant itself (RFC 7523 §2.1). */
export async function serviceAccountToken(server: string, account: string, key: ClientKey): Promise<string> {
  const claims = { iss: account, aud: 'https://api.example/google/token', scope: 'storage.read' }
  const assertion = await signed(claims, key, '1h')
  return tokenFrom(`${server}/google/token`, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
}

/** A SMART backend service: its JWT authenticates the client (RFC 7523 §2.2). */
export async function backendServiceToken(server: string, clientId: string, key: ClientKey): Promise<string> {
  const claims = { iss: clientId, sub: clientId, aud: 'https://api.example/smart/token' }
  return tokenFrom(`${server}/smart/token`, {
    grant_type: 'client_credentials',
    scope: 'system/Patient.rs',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signed(claims, key, '5m'),
  })
}
