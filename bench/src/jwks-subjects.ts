import { createVerifier, jwks } from '@countersign/verifier'
import { JwtVerifier } from 'aws-jwt-verify'
import { SimpleJwksCache } from 'aws-jwt-verify/jwk'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import jwksRsa from 'jwks-rsa'
import { audience, issuer } from './tokens.js'

/** Whether a token is accepted. */
export type Accepts = (token: string) => Promise<boolean>

function accepting(verify: (token: string) => Promise<unknown>): Accepts {
  return (token) =>
    verify(token).then(
      () => true,
      () => false,
    )
}

function countersign(url: string): Accepts {
  const verifier = createVerifier({ cache: false, issuers: { bench: jwks({ issuer, audience, url, algorithms: ['RS256'] }) } })
  return async (token) => (await verifier.verify(token)).ok
}

function withJwksRsa(url: string): Accepts {
  const client = jwksRsa({ jwksUri: url })
  return accepting(async (token) => {
    const kid = jsonwebtoken.decode(token, { complete: true })?.header.kid
    const key = await client.getSigningKey(kid)
    return jsonwebtoken.verify(token, key.getPublicKey(), { issuer, audience, algorithms: ['RS256'] })
  })
}

function withJose(url: string): Accepts {
  const keys = createRemoteJWKSet(new URL(url))
  return accepting((token) => jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] }))
}

function withAws(url: string): Accepts {
  // Its own fetcher speaks https only.
  const fetcher = { fetch: async (uri: string): Promise<ArrayBuffer> => (await fetch(uri)).arrayBuffer() }
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: url }, { jwksCache: new SimpleJwksCache({ fetcher }) })
  return accepting((token) => verifier.verify(token))
}

/** Verifiers that fetch their keys, each as its documentation sets it up. */
export const remoteVerifiers: Readonly<Record<string, (jwksUrl: string) => Accepts>> = {
  countersign,
  'jwks-rsa': withJwksRsa,
  jose: withJose,
  'aws-jwt-verify': withAws,
}
