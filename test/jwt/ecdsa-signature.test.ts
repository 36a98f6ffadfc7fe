import { sign, verify } from 'node:crypto'
import type { Algorithm } from '@countersign/core'
import { createSigner, importPublicKey, parseJws, verifySignature } from '@countersign/jwt'
import { describe, expect, test } from 'vitest'
import { pairFor } from './sample-keys.js'

const curves: readonly { readonly algorithm: Algorithm; readonly hash: string }[] = [
  { algorithm: 'ES256', hash: 'sha256' },
  { algorithm: 'ES384', hash: 'sha384' },
  { algorithm: 'ES512', hash: 'sha512' },
]

function outcome(algorithm: Algorithm, signature: Buffer, input: Buffer): boolean {
  const imported = importPublicKey(pairFor(algorithm).publicKey)
  const parsed = parseJws(`${input.toString()}.${signature.toString('base64url')}`)
  if (!imported.ok || !parsed.ok) throw new Error('the sample is not one')
  return verifySignature(parsed.jws, imported.key)
}

describe.each(curves)('$algorithm', ({ algorithm, hash }) => {
  const { privateKey } = pairFor(algorithm)
  const input = Buffer.from(`${Buffer.from(JSON.stringify({ alg: algorithm })).toString('base64url')}.e30`)
  const half = sign(hash, input, { key: privateKey, dsaEncoding: 'ieee-p1363' }).length / 2

  /** Signs again and again until a signature is as wanted. */
  function signatureWith(isWanted: (signature: Buffer) => boolean): Buffer {
    for (let attempt = 0; attempt < 20_000; attempt++) {
      const signature = sign(hash, input, { key: privateKey, dsaEncoding: 'ieee-p1363' })
      if (isWanted(signature)) return signature
    }
    throw new Error('no signature was as wanted')
  }

  test.each([
    { part: 'R', at: 0 },
    { part: 'S', at: half },
  ])('a signature whose $part begins with a zero is good', ({ at }) => {
    expect(
      outcome(
        algorithm,
        signatureWith((signature) => signature[at] === 0),
        input,
      ),
    ).toBe(true)
  })

  test('a signature whose R and S begin with their highest byte is good', () => {
    const highest = algorithm === 'ES512' ? 0x01 : 0x80
    const isHigh = (byte: number | undefined): boolean => (byte ?? 0) >= highest
    expect(
      outcome(
        algorithm,
        signatureWith((signature) => isHigh(signature[0]) && isHigh(signature[half])),
        input,
      ),
    ).toBe(true)
  })

  test('a signer pads R and S that begin with zeros, as another verifier wants them', async () => {
    const signer = createSigner({ key: privateKey, algorithm })
    const { publicKey: key } = pairFor(algorithm)
    let padded = 0
    for (let attempt = 0; attempt < 20_000 && padded < 4; attempt++) {
      const signature = await signer.sign(input)
      expect(signature).toHaveLength(2 * half)
      if (signature[0] !== 0 && signature[half] !== 0) continue
      padded += 1
      expect(verify(hash, input, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
    }
    expect(padded).toBe(4)
  })

  test.each([
    { name: 'zero for R', spoil: (signature: Buffer) => signature.fill(0, 0, half) },
    { name: 'zero for S', spoil: (signature: Buffer) => signature.fill(0, half) },
    { name: 'nothing but zeros', spoil: (signature: Buffer) => signature.fill(0) },
    { name: 'nothing but ones', spoil: (signature: Buffer) => signature.fill(0xff) },
    { name: 'R and S swapped', spoil: (signature: Buffer) => Buffer.concat([signature.subarray(half), signature.subarray(0, half)]) },
  ])('a signature with $name is bad', ({ spoil }) => {
    const signature = sign(hash, input, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    expect(outcome(algorithm, spoil(signature), input)).toBe(false)
  })
})
