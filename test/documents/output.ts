/** What stands for "anything" in the documentation. */
const anything = '…'

/** Whether a text has the parts of a pattern, in order; `…` is anything. */
export function holds(text: string, pattern: string): boolean {
  let from = 0
  for (const part of pattern.split(anything)) {
    const at = text.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return true
}

/** Whether an answer is the one that a page shows: it begins as the page says, for a random id may have "403" in it. */
export function isAnswer(answer: string, pattern: string): boolean {
  const [beginning = ''] = pattern.split(anything)
  return answer.startsWith(beginning) && holds(answer, pattern)
}

/** What a text says of its output: all that stands behind an arrow in comments that begin with `mark`. */
export function promisesIn(code: string, mark: '//' | '#'): readonly string[] {
  return code.split('\n').flatMap((line) => {
    const at = line.lastIndexOf(`${mark} → `)
    return at < 0 ? [] : [line.slice(at + mark.length + 3).trim()]
  })
}

/** The promises that nothing keeps, asked of the lines in order. */
export function brokenPromises(promises: readonly string[], lines: readonly string[]): readonly string[] {
  let next = 0
  for (const line of lines) if (next < promises.length && holds(line, promises[next] ?? '')) next += 1
  return promises.slice(next)
}

/** Whether a value is as an example shows it: the same members, and the same values but for `…` in texts and numbers. */
export function resembles(value: unknown, example: unknown): boolean {
  if (typeof example === 'string') return typeof value === 'string' && holds(value, example)
  if (typeof example === 'number') return typeof value === 'number'
  if (typeof example !== 'object' || example === null) return value === example
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(example)) return false
  const members = Object.entries(example)
  if (
    Object.keys(value).sort().join() !==
    members
      .map(([name]) => name)
      .sort()
      .join()
  )
    return false
  return members.every(([name, member]) => resembles((value as Record<string, unknown>)[name], member))
}
