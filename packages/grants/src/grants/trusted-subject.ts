import { type Auth, originsOf, type TokenOrigin } from '@countersign/core'
import type { TrustedToken } from '../assertions/trusted-token.js'
import type { Authentication, Granted } from './grant.js'

type Claims = Readonly<Record<string, unknown>>

/** How the person signed in, as the token says it (RFC 9068 §2.2.1). */
export function authenticationOf({ claims }: Auth): Authentication | undefined {
  const { auth_time: authTime, amr, acr } = claims
  if (typeof authTime !== 'number') return undefined
  const isList = Array.isArray(amr) && amr.every((one): one is string => typeof one === 'string')
  return { authTime, ...(isList && { amr }), ...(typeof acr === 'string' && { acr }) }
}

const texts = (value: unknown): readonly string[] => [value].flat().filter((one): one is string => typeof one === 'string')

/** What a token of our own was obtained with: an exchange must not wash that off. */
function inheritedFrom({ client_key: key, client_credential: credential, refresh_family: family }: Claims): Partial<Granted> {
  const inherited = [...texts(key), ...texts(credential)]
  return { ...(inherited.length > 0 && { inherited }), ...(typeof family === 'string' && { family }) }
}

/** A token, as one that it is exchanged for names it. */
function originOf({ auth, claims }: TrustedToken, isOwn: boolean): TokenOrigin {
  const { issuer, kid, subject, clientId } = auth
  const { jti, iat, client_key: key, client_credential: credential, refresh_family: family } = claims
  const clientKeys = [...texts(key), ...texts(credential)]
  return {
    iss: issuer,
    ...(kid !== undefined && { kid }),
    ...(typeof jti === 'string' && { jti }),
    ...(subject !== undefined && { sub: subject }),
    ...(clientId !== undefined && { client_id: clientId }),
    // A token of our own hands these on under its own issuer.
    ...(!isOwn && clientKeys.length > 0 && { client_key: clientKeys }),
    ...(!isOwn && typeof family === 'string' && { refresh_family: family }),
    ...(typeof iat === 'number' && { iat }),
  }
}

/**
 * What a token that is exchanged for this one depends on: all that ends this one ends it, too.
 *
 * @param own - our own `iss`
 */
export function owedToTrusted(token: TrustedToken, own: string): Partial<Granted> {
  const isOwn = token.auth.issuer === own
  const { iat: startedAt } = token.claims
  return {
    ...(isOwn && inheritedFrom(token.claims)),
    ...(typeof startedAt === 'number' && { startedAt }),
    origins: [...originsOf(token.claims), originOf(token, isOwn)],
  }
}
