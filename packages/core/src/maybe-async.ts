/**
 * Goes on at once when the value is there, so that the usual request waits for nothing.
 * Not named `then`: a module with an export of that name is taken for a promise by `import()`.
 */
export function whenKnown<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return isPending(value) ? Promise.resolve(value).then(next) : next(value)
}

/** Promises of the host's may be of another realm or library: taken for a value, one that would say no is a yes. */
function isPending<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise || (typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function')
}
