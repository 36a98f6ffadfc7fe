// Run with the path of another copy of core: what that copy makes is given to a guard that stands on the installed one.
import { pathToFileURL } from 'node:url'
import { isRefusal, isUnavailable, Unavailable } from '@countersign/core'
import { signToken, testKeys } from '@countersign/testkit'
import { createGuard, staticKeys } from '@countersign/verifier'

const second = await import(pathToFileURL(process.argv[2]).href)

const issuer = 'https://issuer.example'
const audience = 'https://api.example'
const { es256 } = testKeys
const { d: _, ...publicJwk } = es256.jwk
const now = () => 1_800_000_000_000
const entry = staticKeys({ issuer, audience, algorithms: ['ES256'], keys: { ...publicJwk, kid: es256.kid } })
const token = await signToken({ key: es256, claims: { iss: issuer, aud: audience, exp: 1_800_000_600, scope: 'read' } })

async function answer(requirements, options = {}) {
  const guard = createGuard({ issuers: { own: entry }, now, ...options })
  const request = { method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }
  const admission = await guard.check(request, ...requirements)
  await guard.close()
  if (admission.ok) return { ok: true }
  return { reason: admission.reason, status: admission.reply.status, retryAfter: admission.reply.headers['retry-after'] }
}

const rejecting = (error) => ({ check: () => Promise.reject(error) })

const seen = {
  areTwo: second.Unavailable !== Unavailable,
  refusalKnown: isRefusal(second.refuse('forbidden')),
  outageKnown: isUnavailable(new second.Unavailable('store_unavailable')),
  admitted: await answer([second.requireScopes('read'), second.fromIssuers('own')]),
  requirement: await answer([second.requireScopes('write')]),
  refusal: await answer([() => second.refuse('revoked_token')]),
  claims: await answer([second.requireClaims(() => second.refuse('insufficient_authentication'))]),
  outage: await answer([], { revocations: rejecting(new second.Unavailable('revocation_unavailable', { retryAfterSeconds: 7 })) }),
}
process.stdout.write(JSON.stringify(seen))
