/** A short Weierstrass curve y² = x³ - 3x + b over the field of p elements (SP 800-186 §3.2.1). */
interface Curve {
  readonly p: bigint
  readonly b: bigint
  /** Length of a coordinate (RFC 7518 §6.2.1.2). */
  readonly bytes: number
}

const curves: Readonly<Record<string, Curve>> = {
  'P-256': {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    bytes: 32,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    bytes: 48,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    bytes: 66,
  },
}

/** Length of a coordinate on a curve of RFC 7518 §6.2.1.1, or undefined for another curve. */
export function coordinateBytes(crv: string): number | undefined {
  return Object.hasOwn(curves, crv) ? curves[crv]?.bytes : undefined
}

/**
 * Whether two coordinates are a point of the curve. An ECDSA key that is not one may belong to a weak group.
 *
 * @param crv - a name of RFC 7518 §6.2.1.1
 */
export function isCurvePoint(crv: string, x: Uint8Array, y: Uint8Array): boolean {
  const curve = curves[crv]
  if (curve === undefined) return false
  const { p, b } = curve
  const [u, v] = [toInteger(x), toInteger(y)]
  return u < p && v < p && (v * v - (u * u * u - 3n * u + b)) % p === 0n
}

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
