import type { Admission, Auth, Guard, WireRequest } from '@countersign/core'

/** What the fake admits with. */
export const fakeAuth: Auth = Object.freeze({
  via: 'fake',
  issuer: 'https://issuer.example',
  claims: Object.freeze({ iss: 'https://issuer.example', exp: 4_000_000_000 }),
  subject: 'somebody',
  clientId: undefined,
  scopes: Object.freeze(['read']),
  expiresAt: 4_000_000_000,
  kid: 'k1',
})

/** A guard that answers what `judge` says; without one it admits everything. */
export function fakeGuard(judge?: (request: WireRequest) => Admission<Auth> | Promise<Admission<Auth>>): Guard {
  const admitted = new WeakSet<object>()
  return {
    check: async (sent) => {
      const request = sent as WireRequest
      const admission = await (judge?.(request) ?? { ok: true, auth: fakeAuth, anonymous: false })
      if (admission.ok) admitted.add(request.frameworkRequest ?? request)
      return admission
    },
    authOf: (request) => {
      if (!admitted.has(request)) throw new Error('this guard did not admit this request')
      return fakeAuth
    },
    optionalAuthOf: (request) => (admitted.has(request) ? fakeAuth : undefined),
    ready: async () => ({ ok: true, parts: {} }),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
