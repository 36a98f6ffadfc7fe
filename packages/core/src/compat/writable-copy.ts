/** Not an instance of a class. Claims of a guard inherit from an object that is not `Object.prototype` and has no members. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/**
 * A copy of the claims of an `Auth` that may be written to. The claims themselves are frozen, because requests with the same token share them.
 *
 * @returns a deep copy of objects and arrays. What a schema made of a claim, for instance a `Date`, is the same object
 * @example
 * req.auth = writableCopy(guard.authOf(req).claims)
 */
export function writableCopy<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => writableCopy(item)) as T
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value
  const copy = {}
  // A claim may be called `__proto__`: assigned, it would become the prototype of the copy.
  for (const [name, member] of Object.entries(value))
    Object.defineProperty(copy, name, { value: writableCopy<unknown>(member), enumerable: true, writable: true, configurable: true })
  return copy as T
}
