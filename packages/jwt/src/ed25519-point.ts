const fieldOrder = 2n ** 255n - 19n
/** d of x² (d·y² + 1) = y² - 1 (RFC 8032 §5.1). */
const edwardsD = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n
/** y of a point of order 8; the other three have ±y. */
const orderEightY = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n
/** y of all eight points whose order divides 8: under such a key a signature can be good for many messages. */
const smallOrderY: readonly bigint[] = [0n, 1n, fieldOrder - 1n, orderEightY, fieldOrder - orderEightY]

/**
 * Whether 32 bytes are the one encoding of a point of Edwards25519 (RFC 8032 §5.1.3) whose order is not small.
 */
export function isEd25519Point(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  const y = toInteger(Uint8Array.from(bytes).reverse()) & (2n ** 255n - 1n)
  if (y >= fieldOrder || smallOrderY.includes(y)) return false
  const y2 = (y * y) % fieldOrder
  // x² = u/v has a root exactly when u·v is a square (Euler), and u is not 0 here.
  const product = ((y2 - 1n) * (edwardsD * y2 + 1n)) % fieldOrder
  return power(product + fieldOrder, (fieldOrder - 1n) / 2n, fieldOrder) === 1n
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`)
}
