import { createKeySet, importPublicKey, parseJws, selectKey, verifySignature } from '@countersign/jwt'
import type { Seed } from './seed.js'

/** Content that a person signed, and who that was. */
export interface SignedContent {
  readonly content: unknown
  readonly signer: { readonly taxId: string }
}

/** Opens signed content, or undefined if the signature is not good. A library for national formats (CAdES with DSTU 4145) plugs in here. */
export type VerifySignedContent = (content: Buffer) => Promise<SignedContent | undefined>

/** Takes a compact JWS with an RSA or ECDSA key that is registered under its kid. */
export function compactJwsVerifier(seed: Seed): VerifySignedContent {
  const taxIds = new Map(seed.signers.map((signer) => [signer.kid, signer.tax_id]))
  const keys = seed.signers.map(({ kid, public_key_pem: pem }) => {
    const imported = importPublicKey(pem, { kid })
    if (!imported.ok) throw new TypeError(`the key of signer ${kid} was refused: ${imported.fault}`)
    return imported.key
  })
  const set = createKeySet(keys)
  return async (content) => {
    const parsed = parseJws(content.toString('latin1'), { maxBytes: 65_536 })
    if (!parsed.ok) return undefined
    const { kid, alg } = parsed.jws.header
    const key = kid === undefined ? undefined : selectKey(set, { kid, algorithm: alg })
    const taxId = taxIds.get(kid ?? '')
    if (key === undefined || taxId === undefined || !verifySignature(parsed.jws, key)) return undefined
    try {
      return { content: JSON.parse(parsed.jws.payload.toString('utf8')) as unknown, signer: { taxId } }
    } catch {
      return undefined
    }
  }
}
