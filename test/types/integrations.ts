import type { Auth } from '@countersign/core'
import type { Clients } from '@countersign/grants'
import { createIntegrations, type Integrations, integrationRoutes } from '@countersign/integrations'
import { guard } from './guards.js'

declare const clients: Clients
declare const accounts: Parameters<typeof createIntegrations>[0]['accounts']

const policies = { mayManage: () => true, mayEnroll: () => true }
const options = { issuer: 'https://a.example', accounts, clients, policies }

export const plain: Integrations = createIntegrations({ ...options, settings: { grants: ['client_credentials'] } })
export const routes = integrationRoutes(plain, { guard })

// @ts-expect-error a client needs grants
createIntegrations({ ...options, settings: { scopes: [] } })
// @ts-expect-error and they are a list
createIntegrations({ ...options, settings: { grants: 'client_credentials' } })
// @ts-expect-error who may enroll has to be said
createIntegrations({ ...options, settings: { grants: [] }, policies: { mayManage: () => true } })
// @ts-expect-error a text is no answer
createIntegrations({ ...options, settings: { grants: [] }, policies: { ...policies, mayManage: () => 'yes' } })

/** Policies that know the issuers of the guard. */
export const own = createIntegrations({
  ...options,
  settings: { grants: ['client_credentials'] },
  policies: {
    ...policies,
    provesMfa: (auth: ReturnType<typeof guard.authOf>) => auth.via === 'pool' && auth.claims.username !== '',
  },
})
export const ownRoutes = integrationRoutes(own, { guard })

declare const otherGuard: import('@countersign/core').Guard<Auth>
// @ts-expect-error the policies of one guard cannot judge what another one admits
integrationRoutes(own, { guard: otherGuard })

export const requirement = own.enrolledFor((req: { readonly params: { readonly id: string } }) => req.params.id)
// @ts-expect-error a requirement needs to know where the entity is
own.enrolledFor()
