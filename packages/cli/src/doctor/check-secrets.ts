import type { Secret, SecretsOption } from '@countersign/core'
import type { Findings } from './finding.js'

const leastBytes = 32
/** Random bytes have many different ones: 32 of them fewer than 20 in one of 10^9 cases; of 44 characters of base64 about 30. */
const leastDifferent = 16
const words = /secret|password|passwort|change.?me|example|default|qwerty|123456|abcdef|test/i

/** Why a secret can be guessed; undefined if nothing says so. It never says any part of it. */
function weaknessOf({ secret }: Secret): string | undefined {
  const bytes = Buffer.from(secret)
  if (bytes.length < leastBytes) return `it has ${bytes.length} bytes, and must have ${leastBytes} or more`
  if (new Set(bytes).size < leastDifferent) return `it has only ${new Set(bytes).size} different bytes`
  if (typeof secret === 'string' && words.test(secret)) return 'it has words in it'
  const half = bytes.subarray(0, Math.floor(bytes.length / 2))
  return half.equals(bytes.subarray(half.length, half.length * 2)) ? 'it repeats itself' : undefined
}

/** Looks at the strength of secrets, by their names. */
export function checkSecrets(secrets: Readonly<Record<string, SecretsOption>>, findings: Findings): void {
  for (const [name, given] of Object.entries(secrets)) {
    const { current, previous = [] } = typeof given === 'function' ? given() : given
    const all = [['current', current] as const, ...previous.map((one, at) => [`previous[${at}]`, one] as const)]
    const weak = all.map(([at, secret]) => ({ at, weakness: weaknessOf(secret) })).filter(({ weakness }) => weakness !== undefined)
    for (const { at, weakness } of weak)
      findings.problem('secrets', `${name}.${at} can be guessed: ${weakness}; make one with openssl rand -base64 32`)
    if (weak.length === 0) findings.ok('secrets', `${name} is strong`)
  }
}
