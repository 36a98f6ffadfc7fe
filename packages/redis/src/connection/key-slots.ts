const slots = 16_384

/** CRC16/XMODEM of the bytes, as Redis Cluster counts slots. */
function slotOf(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff
  }
  return crc % slots
}

/** The part of a key that decides about its slot: what stands between the first brace and the next that closes, or all of it. */
function slotted(key: string): string {
  const open = key.indexOf('{')
  const close = open === -1 ? -1 : key.indexOf('}', open + 1)
  return close > open + 1 ? key.slice(open + 1, close) : key
}

/** The slot of a whole key, with the prefix of the client. */
export function slotOfKey(key: string): number {
  return slotOf(Buffer.from(slotted(key)))
}

/**
 * Finds hash tags: `prefix{tag}…` is in the slot of the key. A key whose slotted part has a closing brace cannot be a tag itself, and
 * gets another text of the same slot; looking for one takes a millisecond or two, once for each slot.
 */
export function slotTags(): (key: string) => string {
  const found = new Map<number, string>()
  const search = { next: 0 }

  function tagOf(slot: number): string {
    while (!found.has(slot)) {
      const tag = search.next.toString(36)
      const its = slotOf(Buffer.from(tag))
      search.next += 1
      if (!found.has(its)) found.set(its, tag)
    }
    return found.get(slot) ?? ''
  }

  return (key) => {
    const part = slotted(key)
    return part.includes('}') ? tagOf(slotOf(Buffer.from(part))) : part
  }
}
