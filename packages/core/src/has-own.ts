/**
 * Whether an object has a member of its own. `in` also finds what a library has put into `Object.prototype`, and a
 * refusal would then be taken for an admission.
 */
export function hasOwn<T extends object, Name extends PropertyKey>(
  value: T,
  name: Name,
): value is Extract<T, { readonly [N in Name]: unknown }> {
  return Object.hasOwn(value, name)
}
