import { createHmac, createPrivateKey, createSecretKey, type KeyObject, sign } from 'node:crypto'
import { createSigner, signJwt } from '@countersign/jwt'
import { testKeys } from '@countersign/testkit'
import { awaitEachOf, type Effort, eachOf, interleave, type Subject } from './measure.js'
import type { Result } from './report.js'
import { type BenchAlgorithm, benchAlgorithms, claimsOf, secretBytes } from './tokens.js'

function signingKey(alg: BenchAlgorithm): KeyObject {
  if (alg === 'HS512') return createSecretKey(secretBytes)
  const { jwk } = { RS256: testKeys.rs256, ES256: testKeys.es256, EdDSA: testKeys.eddsa }[alg]
  return createPrivateKey({ key: jwk, format: 'jwk' })
}

/** The primitive alone, over bytes that are at hand. */
function bare(alg: BenchAlgorithm, key: KeyObject, inputs: readonly Buffer[]): Subject {
  switch (alg) {
    case 'HS512':
      return eachOf('bare crypto', inputs, (data) => createHmac('sha512', key).update(data).digest())
    case 'EdDSA':
      return eachOf('bare crypto', inputs, (data) => sign(null, data, key))
    case 'ES256':
      return eachOf('bare crypto', inputs, (data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }))
    case 'RS256':
      return eachOf('bare crypto', inputs, (data) => sign('sha256', data, key))
  }
}

/** Signing on the thread of the program, against the primitive alone. */
export async function signBench(effort: Effort): Promise<readonly Result[]> {
  const results: Result[] = []
  const claims = Array.from({ length: 100 }, (_, serial) => claimsOf(serial))
  const inputs = claims.map((one) => Buffer.from(`${'h'.repeat(68)}.${Buffer.from(JSON.stringify(one)).toString('base64url')}`))
  for (const alg of benchAlgorithms) {
    const key = signingKey(alg)
    const signer = createSigner({ key, algorithm: alg, kid: 'bench', threadPool: false })
    const ours = awaitEachOf('countersign', claims, (one) => signJwt(one, { signer, typ: 'at+jwt' }))
    const measured = await interleave([bare(alg, key, inputs), ours], 'bare crypto', effort)
    for (const { name, opsPerSecond, ratio } of measured) {
      results.push({ bench: 'sign', subject: name, alg, ops: opsPerSecond, ratio, against: 'bare crypto' })
    }
  }
  return results
}
