import { createKeySet, importPublicKey, parseJsonObject, parseJws, selectKey, verifySignature } from '@countersign/jwt'
import type { Seed } from './seed.js'
import { stop } from './settings.js'

/** Content that a person signed, and who that was. */
interface SignedContent {
  /** Undefined for what is not one JSON object, or has a member twice. */
  readonly content: Readonly<Record<string, unknown>> | undefined
  readonly signer: { readonly taxId: string }
}

/** Opens signed content, or undefined if the signature is not good. A library for national formats (CAdES with DSTU 4145) plugs in here. */
export type VerifySignedContent = (content: Buffer) => Promise<SignedContent | undefined>

const maxBytes = 65_536

/** A member that is there twice is read in two ways by two programs: nobody knows what was signed. */
function parse(bytes: Buffer): SignedContent['content'] {
  const read = parseJsonObject(bytes)
  return 'object' in read ? read.object : undefined
}

/** Takes a compact JWS with an RSA or ECDSA key that is registered under its kid. Ends the process if the seed has another key. */
export function compactJwsVerifier({ signers }: Seed): VerifySignedContent {
  const taxIds = new Map(signers.map((signer) => [signer.kid, signer.tax_id]))
  if (taxIds.size < signers.length) stop('SEED_FILE: two signers have one kid')
  const keys = signers.map(({ kid, public_key_pem: pem }) => {
    const imported = importPublicKey(pem, { kid })
    return imported.ok ? imported.key : stop(`SEED_FILE: the key of the signer ${kid} was refused: ${imported.reason}`)
  })
  const set = createKeySet(keys)
  return async (bytes) => {
    const parsed = parseJws(bytes.toString('latin1'), { maxBytes })
    if (!parsed.ok) return undefined
    const { kid = '', alg: algorithm } = parsed.jws.header
    const key = selectKey(set, { kid, algorithm })
    const taxId = taxIds.get(kid)
    if (key === undefined || taxId === undefined || !verifySignature(parsed.jws, key)) return undefined
    return { content: parse(parsed.jws.payload), signer: { taxId } }
  }
}
