import { describe, expect, test } from 'vitest'
import { isGood, readVectors, type VectorJwk, type VectorKey, vectorFolder } from './vectors.js'

interface Flattened {
  readonly payload?: string
  readonly protected?: string
  readonly header?: object
  readonly signature?: string
  readonly signatures?: readonly { readonly protected?: string; readonly header?: object; readonly signature: string }[]
}
interface Vector {
  readonly id: string
  readonly key: VectorKey | null
  readonly jws: string | Flattened
}

/** What has no compact form with a payload of its own is not for JWTs; b64 and none are refused. By id, and why. */
const exceptions: Readonly<Record<string, string>> = {
  'rfc7515_A.5.compact': 'alg none',
  'rfc7520_4.5.compact': 'the payload is detached',
  'rfc7520_4.5.flattened': 'the payload is detached',
  'rfc7520_4.5.general': 'the payload is detached',
  'rfc7520_4.7.flattened': 'all of the header is unprotected',
  'rfc7520_4.7.general': 'all of the header is unprotected',
  'rfc7797_4.2.hmac-sha2_b64_false': 'b64 is false, which RFC 7797 §7 forbids in JWTs',
  'rfc7797_hmac-sha2_b64_false': 'b64 is false, which RFC 7797 §7 forbids in JWTs',
  'rfc7515_E.compact': 'crit',
}

/** The compact forms of what a vector signs with a protected header. */
function compactForms(jws: Vector['jws']): string[] {
  if (typeof jws === 'string') return [jws]
  const signatures = jws.signatures ?? [{ protected: jws.protected, signature: jws.signature ?? '' }]
  return signatures.map((one) => `${one.protected ?? ''}.${jws.payload ?? ''}.${one.signature}`)
}

const privateMembers = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi'])
const publicHalf = (jwk: VectorJwk): VectorJwk => Object.fromEntries(Object.entries(jwk).filter(([name]) => !privateMembers.has(name)))

function publicKeys(key: VectorKey | null): VectorJwk[] {
  if (key === null) return []
  return ('keys' in key ? (key.keys as readonly VectorJwk[]) : [key]).map(publicHalf)
}

describe.skipIf(vectorFolder === undefined)(
  'Examples of RFC 7515, 7520, 7797 and 8037 (JOSE_VECTORS names the folder; skipped without)',
  () => {
    test('every example is good for its key, except those that are listed', () => {
      const { vectors } = readVectors('rfc', 'jws-vectors.json') as { vectors: readonly Vector[] }
      const good = vectors.filter(({ key, jws }) => compactForms(jws).some((token) => publicKeys(key).some((one) => isGood(token, one))))
      const bad = vectors.filter((vector) => !good.includes(vector))
      expect(bad.map(({ id }) => id).sort()).toEqual(Object.keys(exceptions).sort())
      expect(vectors).toHaveLength(31)
    })
  },
)
