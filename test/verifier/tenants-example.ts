import { createGuard, oidc } from '@countersign/verifier'

/** Stands for your directory: which tenants of the identity provider are customers. */
const customers = new Map([['https://login.example/acme/v2.0', { audience: 'https://api.example' }]])

export const guard = createGuard({
  issuers: {},
  resolveIssuer: {
    via: 'tenant',
    prefixes: ['https://login.example/'],
    async resolve(issuer) {
      const customer = customers.get(issuer)
      return customer && oidc({ issuer, audience: customer.audience, algorithms: ['RS256'] })
    },
  },
})
