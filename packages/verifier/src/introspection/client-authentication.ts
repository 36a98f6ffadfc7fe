import { randomBytes } from 'node:crypto'
import {
  kind,
  type Now,
  type OptionKind,
  orUnavailable,
  type SecretsOption,
  type Signer,
  type SignerSource,
  secretsReader,
} from '@countersign/core'
import { signJwt } from '@countersign/jwt'

/** How a guard authenticates itself to an introspection endpoint (RFC 7662 §2.1). */
export type IntrospectionAuthentication =
  /**
   * With a secret, in the Authorization header or in the form (RFC 6749 §2.3.1). If the server refuses the current secret, the previous ones are
   * tried: so a secret can be changed at one side after the other.
   */
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly clientId: string; readonly secrets: SecretsOption }
  /** With a JWT that a signer of ours signs (RFC 7523 §2.2). */
  | {
      readonly method: 'private_key_jwt'
      readonly clientId: string
      readonly signer: Signer | SignerSource
      /** `aud` of the JWT. @defaultValue the issuer of the entry */
      readonly audience?: string
    }
  /** With an access token, which the function returns for each question. */
  | { readonly method: 'bearer'; readonly token: () => string | Promise<string> }

/** What one request carries to authenticate the guard. */
export interface RequestCredentials {
  readonly headers: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
}

/** The credentials that a request may use, the likeliest first. */
export interface IntrospectionCredentials {
  /** Each is made when it is needed. Throws or rejects with `Unavailable`. */
  candidates(): Iterable<() => RequestCredentials | Promise<RequestCredentials>>
}

/** The members of all methods; {@link checkAuthentication} checks which of them go together. */
interface AuthenticationMembers {
  readonly method: IntrospectionAuthentication['method']
  readonly clientId?: string
  readonly secrets?: SecretsOption
  readonly signer?: Signer | SignerSource
  readonly audience?: string
  readonly token?: () => string | Promise<string>
}

/** What the option `authentication` must be. */
export const authenticationKind: OptionKind = kind.members<AuthenticationMembers>({
  method: kind.required(kind.oneOf('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'bearer')),
  clientId: kind.string,
  secrets: kind.secrets,
  signer: kind.either(
    kind.having('a signer, for instance what createSigner returns', 'sign'),
    kind.having('a source of signers, for instance keys.signing', 'current'),
  ),
  audience: kind.string,
  token: kind.func,
})

const membersOf: Readonly<
  Record<IntrospectionAuthentication['method'], { readonly needs: readonly (keyof AuthenticationMembers)[]; readonly may?: 'audience' }>
> = {
  client_secret_basic: { needs: ['clientId', 'secrets'] },
  client_secret_post: { needs: ['clientId', 'secrets'] },
  private_key_jwt: { needs: ['clientId', 'signer'], may: 'audience' },
  bearer: { needs: ['token'] },
}

/**
 * Checks that the members are those of the method.
 *
 * @throws TypeError that names the member
 */
export function checkAuthentication(preset: string, authentication: AuthenticationMembers): void {
  const { method } = authentication
  const { needs, may } = membersOf[method]
  const missing = needs.find((name) => authentication[name] === undefined)
  if (missing !== undefined) throw new TypeError(`${preset}: authentication.${missing} must be given with ${method}, got undefined`)
  const names = Object.keys(authentication) as (keyof AuthenticationMembers)[]
  const other = names.find((name) => name !== 'method' && name !== may && !needs.includes(name) && authentication[name] !== undefined)
  if (other !== undefined) throw new TypeError(`${preset}: authentication.${other} must be left out with ${method}, got a value`)
}

/** RFC 6749 §2.3.1 with appendix B: each part is form-encoded before the colon joins them. */
const formEncoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)

function withSecrets(authentication: Extract<IntrospectionAuthentication, { secrets: unknown }>): IntrospectionCredentials {
  const { method, clientId: id } = authentication
  const read = secretsReader('introspection', 'authentication.secrets', authentication.secrets)
  const state = { lastGood: undefined as string | undefined }
  function credentials(secret: string | Uint8Array): RequestCredentials {
    const text = typeof secret === 'string' ? secret : Buffer.from(secret).toString()
    if (method === 'client_secret_post') return { headers: {}, form: { client_id: id, client_secret: text } }
    const basic = Buffer.from(`${formEncoded(id)}:${formEncoded(text)}`).toString('base64')
    return { headers: { authorization: `Basic ${basic}` }, form: {} }
  }
  return {
    *candidates() {
      const { current, previous = [] } = read()
      const all = [current, ...previous]
      // The last one that was tried was accepted, unless all were.
      all.sort((a, b) => Number(b.id === state.lastGood) - Number(a.id === state.lastGood))
      for (const { id: secretId, secret } of all) {
        yield () => {
          state.lastGood = secretId
          return credentials(secret)
        }
      }
      state.lastGood = undefined
    },
  }
}

const assertionLifetimeSeconds = 60
const one = (make: () => Promise<RequestCredentials>): IntrospectionCredentials => ({ candidates: () => [make] })

function withAssertion(
  { clientId: id, signer, audience }: Extract<IntrospectionAuthentication, { signer: unknown }>,
  issuer: string,
  now: Now,
): IntrospectionCredentials {
  return one(async () => {
    const current = await orUnavailable(async () => ('current' in signer ? signer.current() : signer), 'key_source_unavailable')
    const iat = Math.floor(now() / 1000)
    const claims = {
      iss: id,
      sub: id,
      aud: audience ?? issuer,
      jti: randomBytes(16).toString('base64url'),
      iat,
      exp: iat + assertionLifetimeSeconds,
    }
    const assertion = await orUnavailable(() => signJwt(claims, { signer: current, typ: 'JWT' }), 'key_source_unavailable')
    return {
      headers: {},
      form: {
        client_id: id,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      },
    }
  })
}

/**
 * Makes what a guard authenticates itself with.
 *
 * @param issuer - of the entry
 * @throws TypeError if a secret is wrong
 */
export function createCredentials(authentication: IntrospectionAuthentication, issuer: string, now: Now): IntrospectionCredentials {
  switch (authentication.method) {
    case 'client_secret_basic':
    case 'client_secret_post':
      return withSecrets(authentication)
    case 'private_key_jwt':
      return withAssertion(authentication, issuer, now)
    case 'bearer':
      return one(async () => {
        const token: unknown = await orUnavailable(async () => authentication.token(), 'introspection_unavailable')
        if (typeof token === 'string' && /^[\w.~+/-]+=*$/.test(token)) return { headers: { authorization: `Bearer ${token}` }, form: {} }
        throw new TypeError(`introspection: authentication.token must return a bearer token, got ${token === null ? 'null' : typeof token}`)
      })
  }
}
