import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createKeySet,
  decodeBase64url,
  importJwk,
  importSecret,
  isHmac,
  type KeyImport,
  parseJws,
  selectKey,
  verifySignature,
} from '@countersign/jwt'

/** The folder of public vectors, `wycheproof/` and `rfc/`; undefined where they are not at hand. */
export const vectorFolder: string | undefined = process.env.JOSE_VECTORS

export function readVectors(...path: string[]): unknown {
  return vectorFolder === undefined ? undefined : JSON.parse(readFileSync(join(vectorFolder, ...path), 'utf8'))
}

export type VectorJwk = Readonly<Record<string, unknown>>
export type VectorKey = VectorJwk | { readonly keys: readonly VectorJwk[] }

/** Whether a compact JWS is good for a key or one of a set; the claims are not looked at. */
export function isGood(token: string, key: VectorKey): boolean {
  const parsed = parseJws(token)
  if (!parsed.ok) return false
  const { jws } = parsed
  const jwks = 'keys' in key ? (key.keys as readonly VectorJwk[]) : [key]
  // Secrets never come from a key set; a set of nothing else stands for the secrets that a host would configure.
  const secrets = jwks.every(({ kty }) => kty === 'oct')
  const imports = jwks.map((jwk) => (secrets ? importOct(jwk, jws.header.alg) : importJwk(jwk)))
  const set = createKeySet(imports.flatMap((one) => (one.ok ? [one.key] : [])))
  const kid = set.keys.some((one) => one.kid !== undefined) ? jws.header.kid : undefined
  const found = selectKey(set, { kid, algorithm: jws.header.alg })
  return found !== undefined && verifySignature(jws, found)
}

function importOct({ k, alg, kid }: VectorJwk, fallback: unknown): KeyImport {
  const algorithm = alg ?? fallback
  const secret = decodeBase64url(k)
  if (secret === undefined || !isHmac(algorithm)) return { ok: false, reason: 'algorithm_mismatch' }
  return importSecret(secret, { ...(typeof kid === 'string' ? { kid } : {}), algorithms: [algorithm] })
}
