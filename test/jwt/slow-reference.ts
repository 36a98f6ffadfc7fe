const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** RFC 4648 §5 without padding, bit by bit: what the fast decoder is held against. */
export function slowDecode(text: string): number[] | undefined {
  let bits = ''
  for (const character of text) {
    const value = alphabet.indexOf(character)
    if (value < 0) return undefined
    bits += value.toString(2).padStart(6, '0')
  }
  const bytes = Math.floor(bits.length / 8)
  const unused = bits.slice(bytes * 8)
  if (unused.length >= 6 || unused.includes('1')) return undefined
  return Array.from({ length: bytes }, (_, at) => Number.parseInt(bits.slice(at * 8, at * 8 + 8), 2))
}

/** What JSON.parse does not tell about a text that it takes. */
export interface JsonFacts {
  duplicate: boolean
  infinite: boolean
  /** An integer that a double cannot tell from its neighbours. */
  unsafeInteger: boolean
  loneSurrogate: boolean
  /** A member name with a quotation mark, a backslash or a control character. */
  oddName: boolean
  members: number
  depth: number
}

/** Reads valid JSON character by character (RFC 8259) and notes what a strict reader must know. */
export function jsonFacts(text: string): JsonFacts {
  const facts: JsonFacts = {
    duplicate: false,
    infinite: false,
    unsafeInteger: false,
    loneSurrogate: false,
    oddName: false,
    members: 0,
    depth: 0,
  }
  let at = 0
  const blank = (): void => {
    while (' \t\n\r'.includes(text[at] ?? 'x')) at++
  }
  const string = (): string => {
    const start = at++
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    const value = JSON.parse(text.slice(start, ++at)) as string
    if (/[\ud800-\udfff]/u.test(value)) facts.loneSurrogate = true
    return value
  }
  const list = (close: string, depth: number, one: () => void): void => {
    facts.depth = Math.max(facts.depth, depth)
    at++
    for (blank(); text[at] !== close; blank()) {
      one()
      blank()
      if (text[at] === ',') at++
      blank()
    }
    at++
  }
  const value = (depth: number): void => {
    blank()
    if (text[at] === '"') string()
    else if (text[at] === '[') list(']', depth, () => value(depth + 1))
    else if (text[at] === '{') {
      const names = new Set<string>()
      list('}', depth, () => {
        const name = string()
        if (names.has(name)) facts.duplicate = true
        names.add(name)
        if (name.split('').some((one) => one === '"' || one === '\\' || one < ' ')) facts.oddName = true
        facts.members++
        blank()
        at++
        value(depth + 1)
      })
    } else {
      const start = at
      while (at < text.length && !',]} \t\n\r'.includes(text[at] ?? '')) at++
      const number = Number(text.slice(start, at))
      if (number === Number.POSITIVE_INFINITY || number === Number.NEGATIVE_INFINITY) facts.infinite = true
      else if (Number.isInteger(number) && Math.abs(number) >= 2 ** 53) facts.unsafeInteger = true
    }
  }
  value(1)
  return facts
}
