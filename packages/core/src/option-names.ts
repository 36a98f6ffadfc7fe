/**
 * Checks that every option is one: in plain JavaScript, a misspelt `revocations` would be a factory that knows of none.
 *
 * @param subject - what the message begins with, for instance the name of the factory
 * @throws TypeError that names the option
 */
export function requireOptionNames(subject: string, options: object | undefined, names: readonly string[]): void {
  const stranger = Object.keys(options ?? {}).find((name) => !names.includes(name))
  if (stranger !== undefined) throw new TypeError(`${subject}: ${JSON.stringify(stranger)} is no option; there are ${names.join(', ')}`)
}
