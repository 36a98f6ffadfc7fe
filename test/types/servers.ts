import { authOf, protect } from '@countersign/express'
import { cognito, createAuthorizationServer, jwks, memoryStores, oidc } from 'countersign'
import type { Request } from 'express'

interface Schema<Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly types?: { readonly input: unknown; readonly output: Output }
    validate(value: unknown): { readonly value: Output }
  }
}

declare const staffSchema: Schema<{ readonly grade: number }>

const common = {
  issuer: 'https://api.example',
  stores: memoryStores(),
  masterSecret: { current: { id: '1', secret: 'x' } },
} as const

export const server = createAuthorizationServer({
  ...common,
  grants: ['client_credentials'],
  trust: {
    pool: cognito({ userPoolId: 'eu-central-1_Abcdefghi', clientId: 'app' }),
    staff: oidc({ issuer: 'https://staff.example', audience: 'https://api.example', algorithms: ['ES256'], schema: staffSchema }),
  },
})

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function holds<Claim extends true>(claim?: Claim): void
declare const request: Request

export function narrowing(): void {
  const auth = authOf(server.guard, request)
  holds<Equal<typeof auth.via, 'own' | 'apiKeys' | 'pool' | 'staff'>>()
  switch (auth.via) {
    case 'own':
      holds<Equal<typeof auth.claims.iss, string>>()
      // @ts-expect-error only staff has a grade
      return void auth.claims.grade.toFixed()
    case 'apiKeys':
      holds<Equal<typeof auth.claims.owner_type, 'client' | 'person' | 'entity'>>()
      return
    case 'pool':
      holds<Equal<typeof auth.claims.token_use, 'access'>>()
      return
    case 'staff':
      holds<Equal<typeof auth.claims.grade, number>>()
      return
    default:
      holds<Equal<typeof auth, never>>()
  }
}

export function requirements(): void {
  protect(server.guard, (auth) => {
    holds<Equal<typeof auth.via, 'own' | 'apiKeys' | 'pool' | 'staff'>>()
    return undefined
  })
}

export function alone(): void {
  const { guard } = createAuthorizationServer({ ...common, grants: ['refresh_token'] })
  holds<Equal<ReturnType<typeof guard.authOf>['via'], 'own' | 'apiKeys'>>()
}

export function tenants(): void {
  const { guard } = createAuthorizationServer({
    ...common,
    grants: ['client_credentials'],
    trust: { partner: jwks({ issuer: 'https://a.example', url: 'https://a.example/jwks', algorithms: ['RS256'], audience: null }) },
    guard: { resolveIssuer: { via: 'tenant', prefixes: ['https://login.example/'], resolve: async () => undefined } },
  })
  holds<Equal<ReturnType<typeof guard.authOf>['via'], 'own' | 'apiKeys' | 'partner' | 'tenant'>>()
}

export function purposes(): void {
  const nonces = server.nonces({ lifetimeSeconds: 60, purposes: { login: {}, form: {} } })
  void nonces.spend('token', 'login')
  // @ts-expect-error no such purpose
  void nonces.spend('token', 'logout')
  // @ts-expect-error what the server itself gives
  server.nonces({ lifetimeSeconds: 60, purposes: {}, issuer: 'https://other.example' })
}

export function wrong(): void {
  // @ts-expect-error the password grant has no name
  createAuthorizationServer({ ...common, grants: ['password'] })
  // @ts-expect-error the server gives the clients of its token endpoint
  createAuthorizationServer({ ...common, grants: ['client_credentials'], tokenEndpoint: { clients: server.clients } })
  // @ts-expect-error an option that does not exist
  createAuthorizationServer({ ...common, grants: ['client_credentials'], audiences: [] })
}
