const smallPrimes: readonly number[] = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
  149, 151, 157, 163, 167,
]

/**
 * Whether a modulus can be taken apart by anyone: it is even, or has the fingerprint of the primes of CVE-2017-15361
 * ("ROCA"), which are powers of 65537 modulo the product of the first primes.
 *
 * @param modulus - big-endian bytes
 */
export function isFactorable(modulus: Uint8Array): boolean {
  const n = BigInt(`0x${Buffer.from(modulus).toString('hex')}`)
  return n % 2n === 0n || smallPrimes.every((prime) => isPowerOf65537(Number(n % BigInt(prime)), prime))
}

function isPowerOf65537(residue: number, prime: number): boolean {
  const generator = 65537 % prime
  let power = generator
  while (power !== residue && power !== 1) power = (power * generator) % prime
  return power === residue
}
