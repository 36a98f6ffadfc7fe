import { isIPv4, isIPv6 } from 'node:net'

/** Eight groups of an address without zone; an IPv4 tail counts for two. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::', 2)
  const groups = (text: string): readonly number[] =>
    text === ''
      ? []
      : text.split(':').flatMap((group) => {
          if (!group.includes('.')) return [Number.parseInt(group, 16)]
          const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
          return [a * 256 + b, c * 256 + d]
        })
  const before = groups(head)
  if (tail === undefined) return before
  const after = groups(tail)
  return [...before, ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => 0), ...after]
}

const isMappedIPv4 = (groups: readonly number[]): boolean => groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff

/** Some proxies forward the port too, which would make an address of every connection. */
function withoutPort(text: string): string {
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5})$/.exec(text) ?? []
  return bracketed ?? dotted ?? text
}

/**
 * One name for everything that one customer of a network can send from: an IPv4 address however it is written, the /64 of an
 * IPv6 address.
 */
export function addressBlock(ip: string | undefined): string {
  const address = withoutPort(ip ?? '').split('%', 1)[0] ?? ''
  if (isIPv4(address) || !isIPv6(address)) return address
  const groups = groupsOf(address)
  const [high = 0, low = 0] = groups.slice(6)
  if (isMappedIPv4(groups)) return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}
