/** Attributes of one part of a name. Nearly always it is one. */
export type Rdn = readonly { readonly type: string; readonly value: string }[]

/** RFC 4514 §3: the short names, and those of RFC 4519 that certificates use. */
const shortNames: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  UID: '0.9.2342.19200300.100.1.1',
  DC: '0.9.2342.19200300.100.1.25',
  EMAILADDRESS: '1.2.840.113549.1.9.1',
}

/** A type, a value in the escaping of RFC 4514 §2.4, and what comes after it. */
const attribute = /(?:([A-Za-z]+)|([0-9]+(?:\.[0-9]+)+))=((?:[^\\",+;<>\0]|\\[ "#+,;<=>\\]|\\[0-9A-Fa-f]{2})*)(?:([,+])|$)/y

/** UTF-8 may be written in hex digits, one octet after the other. */
function unescaped(value: string): string | undefined {
  if (/^[ #]/.test(value) || /(?:^|[^\\])(?:\\\\)* $/.test(value)) return undefined
  const octets = value.replaceAll(/((?:\\[0-9A-Fa-f]{2})+)|\\(.)/g, (_, hex: string | undefined, character: string | undefined) =>
    hex === undefined ? (character ?? '') : Buffer.from(hex.replaceAll('\\', ''), 'hex').toString('utf8'),
  )
  return octets.includes('\uFFFD') ? undefined : octets
}

/**
 * Parses a name as RFC 4514 writes it, for instance `CN=records,O=Clinic,C=DE`.
 *
 * @returns its parts in the order of a certificate, which is the reverse one; undefined for another text
 */
export function parseName(text: string): readonly Rdn[] | undefined {
  const rdns: { type: string; value: string }[][] = [[]]
  attribute.lastIndex = 0
  for (let separator: string | undefined = ','; separator !== undefined; ) {
    const [match, short, dotted, escaped = '', next]: readonly (string | undefined)[] = attribute.exec(text) ?? []
    const type = dotted ?? (Object.hasOwn(shortNames, short?.toUpperCase() ?? '') ? shortNames[short?.toUpperCase() ?? ''] : undefined)
    const value = unescaped(escaped)
    if (match === undefined || type === undefined || value === undefined) return undefined
    rdns.at(-1)?.push({ type, value })
    if (next === ',') rdns.push([])
    separator = next
  }
  return rdns.reverse()
}

const inOrder = (rdn: Rdn): readonly string[] => rdn.map(({ type, value }) => JSON.stringify([type, value])).sort()

/** Whether two names are the same: the same parts in the same order, with equal values. Case and spaces count. */
export function isSameName(one: readonly Rdn[], other: readonly Rdn[]): boolean {
  return JSON.stringify(one.map(inOrder)) === JSON.stringify(other.map(inOrder))
}
