import type { KeySet, RefusalDetail } from '@countersign/core'
import type { JwsHeader } from '@countersign/jwt'

/** Most names that a detail lists, and most characters of each: a kid may have 1024 of them. */
const [maxNames, maxLength] = [6, 24]

const shortened = (kid: string): string => (kid.length <= maxLength ? kid : `${kid.slice(0, maxLength - 3)}...`)

function listOf(kids: readonly string[]): string {
  const more = kids.length - maxNames
  return kids.slice(0, maxNames).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/**
 * For events: which kid was sent, and which kids there are. Both are bounded.
 *
 * @param set - the keys that were asked
 */
export function kidDetail(set: KeySet, { kid, alg }: Pick<JwsHeader, 'kid' | 'alg'>): RefusalDetail {
  const received = `${kid === undefined ? 'no kid' : `kid ${kid.slice(0, 120)}`}, ${alg}`
  const nameOf = (key: KeySet['keys'][number]): string => (key.kid === undefined ? '(no kid)' : shortened(key.kid))
  const fitting = set.keys.filter((key) => key.algorithms.includes(alg))
  if (fitting.length > 0) return { expected: `${alg}: ${listOf(fitting.map(nameOf))}`, received }
  if (set.keys.length === 0) return { expected: 'nothing: the issuer has no usable key', received }
  return { expected: `no key for ${alg}; others: ${listOf(set.keys.map(nameOf))}`, received }
}
