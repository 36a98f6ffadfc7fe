/** One element of DER (X.690 §8.1): its tag and its content. */
export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
}

/** The length at an offset, and where the content begins. Undefined for lengths that DER does not allow, and for more than 64 KiB. */
function lengthAt(bytes: Uint8Array, at: number): { readonly length: number; readonly start: number } | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  if (first < 0x80) return { length: first, start: at + 1 }
  const size = first - 0x80
  if (size < 1 || size > 2 || at + size >= bytes.length) return undefined
  const length = Buffer.from(bytes.buffer, bytes.byteOffset + at + 1, size).readUIntBE(0, size)
  // X.690 §10.1: the shortest form, or two texts would be one certificate.
  return length < 0x80 || (size === 2 && length < 0x100) ? undefined : { length, start: at + 1 + size }
}

/** The elements that bytes consist of. Undefined for bytes that are not DER, or have something after the last element. */
export function derElements(bytes: Uint8Array): readonly DerElement[] | undefined {
  const elements: DerElement[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0
    const found = lengthAt(bytes, at + 1)
    // Tags of several bytes occur nowhere in what is read here.
    if (found === undefined || (tag & 0x1f) === 0x1f || found.start + found.length > bytes.length) return undefined
    elements.push({ tag, content: bytes.subarray(found.start, found.start + found.length) })
    at = found.start + found.length
  }
  return elements
}

/** The elements within an element that must have a tag. */
export function derWithin(element: DerElement | undefined, tag: number): readonly DerElement[] | undefined {
  return element?.tag === tag ? derElements(element.content) : undefined
}

/** An object identifier in dotted form. */
export function dottedOid(content: Uint8Array): string {
  const parts: number[] = []
  let value = 0
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    if (parts.length === 0) parts.push(Math.min(2, Math.floor(value / 40)))
    parts.push(parts.length === 1 ? value - 40 * (parts[0] ?? 0) : value)
    value = 0
  }
  return parts.join('.')
}
