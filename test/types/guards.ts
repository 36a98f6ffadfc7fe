import type { Auth } from '@countersign/core'
import { cognito, createGuard, jwks, oidc, staticKeys } from '@countersign/verifier'

/** A Standard Schema, as zod and others give it. */
interface Schema<Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly types?: { readonly input: unknown; readonly output: Output }
    validate(value: unknown): { readonly value: Output }
  }
}

declare const staffSchema: Schema<{ readonly department: string; readonly grade: number }>

export const guard = createGuard({
  issuers: {
    pool: cognito({ userPoolId: 'eu-central-1_Abcdefghi', clientId: 'app' }),
    people: cognito({ userPoolId: 'eu-central-1_Abcdefghj', clientId: 'app', tokenUse: 'id' }),
    staff: oidc({ issuer: 'https://staff.example', audience: 'https://api.example', algorithms: ['ES256'], schema: staffSchema }),
    plain: jwks({ issuer: 'https://a.example', url: 'https://a.example/jwks', algorithms: ['RS256', 'PS256'], audience: null }),
  },
})

declare const request: object

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function holds<Claim extends true>(claim?: Claim): void

export function narrowing(): void {
  const auth = guard.authOf(request)
  holds<Equal<typeof auth.via, 'pool' | 'people' | 'staff' | 'plain'>>()
  holds<Equal<typeof auth extends Auth ? true : false, true>>()

  // Until `via` is known, nothing but the registered claims is.
  // @ts-expect-error only staff has a grade
  const early: number = auth.claims.grade

  switch (auth.via) {
    case 'pool': {
      holds<Equal<typeof auth.claims.token_use, 'access'>>()
      // @ts-expect-error claims of an ID token are not those of an access token
      const use: 'id' = auth.claims.token_use
      // @ts-expect-error claims of another issuer
      const grade: number = auth.claims.grade
      return void [use, grade]
    }
    case 'people':
      holds<Equal<typeof auth.claims.token_use, 'id'>>()
      holds<Equal<typeof auth.claims.aud, string>>()
      return
    case 'staff': {
      holds<Equal<typeof auth.claims.department, string>>()
      holds<Equal<typeof auth.claims.grade, number>>()
      holds<Equal<typeof auth.claims.iss, string>>()
      // @ts-expect-error claims of the user pool
      const use: 'access' = auth.claims.token_use
      // @ts-expect-error what the schema gives is a number
      const grade: string = auth.claims.grade
      return void [use, grade, early]
    }
    case 'plain':
      holds<Equal<typeof auth.claims.sub, string | undefined>>()
      holds<Equal<typeof auth.claims.anything, unknown>>()
      return
    // @ts-expect-error no issuer of that name
    case 'nobody':
  }
}

export function readOnly(): void {
  const auth = guard.authOf(request)
  // @ts-expect-error the same object serves every request that carries the token
  auth.claims.sub = 'somebody else'
  // @ts-expect-error shared by requests
  auth.scopes.push('admin')
  // @ts-expect-error shared by requests
  auth.via = 'staff'
  // @ts-expect-error shared by requests
  auth.subject = 'root'
  // @ts-expect-error shared by requests
  auth.claims = { iss: '', exp: 0 }
}

export function absence(): void {
  const auth = guard.optionalAuthOf(request)
  // @ts-expect-error a request without credentials has none
  const subject: string | undefined = auth.subject
  void subject
}

export async function admissions(): Promise<void> {
  const admission = await guard.check({ headers: {} })
  // @ts-expect-error nothing was admitted yet
  const early: string = admission.auth.via
  if (!admission.ok) {
    // @ts-expect-error a refused request has no auth
    return void [admission.auth, early]
  }
  if (!admission.anonymous) holds<Equal<typeof admission.auth.via, 'pool' | 'people' | 'staff' | 'plain'>>()
  // @ts-expect-error it may be anonymous
  void admission.auth.via
}

export function runTimeIssuers(): void {
  const { verifier } = guard
  verifier.setIssuer('plain', jwks({ issuer: 'https://b.example', url: 'https://b.example/jwks', algorithms: ['RS256'], audience: 'x' }))
  // @ts-expect-error no such name: `via` would not tell it
  verifier.setIssuer('other', jwks({ issuer: 'https://b.example', url: 'https://b.example/jwks', algorithms: ['RS256'], audience: 'x' }))
  // @ts-expect-error no such name
  verifier.removeIssuer('other')
}

export function entries(): void {
  const issuer = 'https://a.example'
  const url = 'https://a.example/jwks'
  const audience = 'https://api.example'
  const secrets = { current: { id: 's1', secret: 'x'.repeat(64) } }
  // @ts-expect-error audience is required: null is the visible opt-out
  jwks({ issuer, url, algorithms: ['RS256'] })
  // @ts-expect-error audience may not be forgotten by way of undefined
  jwks({ issuer, url, algorithms: ['RS256'], audience: undefined })
  // @ts-expect-error algorithms are required
  jwks({ issuer, url, audience })
  // @ts-expect-error algorithms are required here too
  oidc({ issuer, audience })
  // @ts-expect-error none is no algorithm
  jwks({ issuer, url, audience, algorithms: ['none'] })
  // @ts-expect-error HMAC with keys from a URL
  jwks({ issuer, url, audience, algorithms: ['HS256'] })
  // @ts-expect-error HMAC beside RSA
  staticKeys({ issuer, audience, keys: 'pem', algorithms: ['RS256', 'HS256'] })
  // @ts-expect-error a public key for HMAC
  staticKeys({ issuer, audience, keys: 'pem', algorithms: ['HS256'] })
  // @ts-expect-error a secret for RSA
  staticKeys({ issuer, audience, secrets, algorithms: ['RS256'] })
  // @ts-expect-error keys and secrets
  staticKeys({ issuer, audience, keys: 'pem', secrets, algorithms: ['HS256'] })
  // @ts-expect-error the client is required: null is the visible opt-out
  cognito({ userPoolId: 'eu-central-1_Abcdefghi' })
  // @ts-expect-error Cognito signs with RS256, and the preset says so
  cognito({ userPoolId: 'eu-central-1_Abcdefghi', clientId: 'app', algorithms: ['ES256'] })
  // @ts-expect-error an entry is made by a preset
  createGuard({ issuers: { a: { issuer, audience } } })
}
