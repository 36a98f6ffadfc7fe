import { isIP } from 'node:net'
import { type DerElement, derElements, derWithin, dottedOid } from './der.js'
import type { Rdn } from './distinguished-name.js'

/** What a certificate says of whom it belongs to. */
export interface CertificateNames {
  /** The subject, in the order of the certificate. Undefined if it has a value that is not text. */
  readonly subject: readonly Rdn[] | undefined
  /** Alternative names, by kind. */
  readonly san: Readonly<Record<'dns' | 'uri' | 'ip' | 'email', readonly string[]>>
}

const [sequence, set, oid, octets, version, extensionsTag] = [0x30, 0x31, 0x06, 0x04, 0xa0, 0xa3]
const sanOid = '2.5.29.17'
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF8String, NumericString, PrintableString and IA5String. Other alphabets have several texts for one value. */
function textOf({ tag, content }: DerElement): string | undefined {
  if (![0x0c, 0x12, 0x13, 0x16].includes(tag)) return undefined
  if (tag !== 0x0c && content.some((byte) => byte > 0x7f)) return undefined
  try {
    return utf8.decode(content)
  } catch {
    return undefined // not UTF-8
  }
}

function rdnOf(element: DerElement): Rdn | undefined {
  const attributes = derWithin(element, set)?.map((attribute) => {
    const [type, value, ...more] = derWithin(attribute, sequence) ?? []
    const text = value && more.length === 0 ? textOf(value) : undefined
    return type?.tag === oid && text !== undefined ? { type: dottedOid(type.content), value: text } : undefined
  })
  const known = attributes?.filter((one) => one !== undefined)
  return known && known.length > 0 && known.length === attributes?.length ? known : undefined
}

function subjectOf(element: DerElement | undefined): readonly Rdn[] | undefined {
  const rdns = derWithin(element, sequence)?.map(rdnOf)
  const known = rdns?.filter((rdn) => rdn !== undefined)
  return known && known.length === rdns?.length ? known : undefined
}

/** An address in the one form of its bytes, so that it can be compared with a registered one. */
export function addressBytes(address: string): string | undefined {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number)).toString('hex')
  if (isIP(address) !== 6 || address.includes('%')) return undefined
  // The parser of URLs writes the last 32 bits, and what `::` stands for, in one form.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [first, last] = [groups(head), groups(tail ?? '')]
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  return [...first, ...zeros, ...last].map((group) => group.padStart(4, '0')).join('')
}

function alternativeNames(extensions: DerElement | undefined): CertificateNames['san'] | undefined {
  const list = derWithin(derWithin(extensions, extensionsTag)?.[0], sequence) ?? []
  const found = list.map((one) => derWithin(one, sequence) ?? []).filter(([id]) => id?.tag === oid && dottedOid(id.content) === sanOid)
  // RFC 5280 §4.2: an extension must not be there twice.
  if (found.length > 1) return undefined
  const value = found[0]?.find(({ tag }) => tag === octets)?.content ?? new Uint8Array()
  const names = derWithin(derElements(value)?.[0], sequence) ?? []
  const ofKind = (tag: number): readonly Uint8Array[] => names.filter((name) => name.tag === tag).map(({ content }) => content)
  const texts = (tag: number): readonly string[] => ofKind(tag).map((content) => Buffer.from(content).toString('latin1'))
  return { email: texts(0x81), dns: texts(0x82), uri: texts(0x86), ip: ofKind(0x87).map((content) => Buffer.from(content).toString('hex')) }
}

/**
 * Reads names from the DER of a certificate: texts that are made for people have several readings (a comma or a line break in a name).
 *
 * @returns undefined for what is not a certificate
 */
export function certificateNames(der: Uint8Array): CertificateNames | undefined {
  const [certificate, ...after] = derElements(der) ?? []
  const [tbs] = derWithin(certificate, sequence) ?? []
  const fields = derWithin(tbs, sequence)
  if (fields === undefined || after.length > 0) return undefined
  // version, then serialNumber, signature, issuer, validity, subject (RFC 5280 §4.1)
  const subject = fields[fields[0]?.tag === version ? 5 : 4]
  const san = alternativeNames(fields.find(({ tag }) => tag === extensionsTag))
  return san && { subject: subjectOf(subject), san }
}
