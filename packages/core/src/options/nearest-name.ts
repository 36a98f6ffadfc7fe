import { foreignNames } from './foreign-names.js'

/** Names without their spelling: `jwks_uri`, `jwksURI` and `JwksUri` are one. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

const units: readonly string[] = ['seconds', 'lifetimeseconds', 'ms', 'bytes', 'id', 's']
/** A longer name is not a slip of the pen. */
const longestName = 64

/** Letters to insert, to leave out, to change or to swap with their neighbour (optimal string alignment). */
function distance(left: string, right: string): number {
  let [before, previous] = [[] as number[], Array.from({ length: right.length + 1 }, (_, index) => index)]
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1]
      const isSwapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      const steps = [(previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (previous[column - 1] ?? 0) + (isSame ? 0 : 1)]
      if (isSwapped && row > 1 && column > 1) steps.push((before[column - 2] ?? 0) + 1)
      current.push(Math.min(...steps))
    }
    ;[before, previous] = [previous, current]
  }
  return previous[right.length] ?? 0
}

/** How many slips still make it the same word. A unit does not belong to the word: `lifetimeSeconds` is not `idleLifetimeSeconds`. */
function slips(name: string): number {
  const { length } = name.replace(/(?:seconds|ms|bytes)$/, '')
  return length < 5 ? 1 : length < 9 ? 2 : 3
}

function closest(name: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((candidate) => ({ candidate, far: distance(name, plain(candidate)) }))
    .filter(({ candidate, far }) => far <= Math.min(slips(name), slips(plain(candidate))))
    .sort((one, other) => one.far - other.far)
  return ranked[0]?.candidate
}

/** The same name in another spelling, with a unit, or as other libraries have it. */
export function sameName(name: string, names: readonly string[]): string | undefined {
  const asked = plain(name.slice(0, longestName))
  const isSame = (candidate: string): boolean => plain(candidate) === asked || units.some((unit) => plain(candidate) === asked + unit)
  const foreign = Object.hasOwn(foreignNames, asked) ? (foreignNames[asked] ?? []) : []
  return names.find(isSame) ?? foreign.find((candidate) => names.includes(candidate))
}

/** The name that was meant, as far as can be told; undefined where none is near. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  return sameName(name, names) ?? (name.length > longestName ? undefined : closest(plain(name), names))
}
