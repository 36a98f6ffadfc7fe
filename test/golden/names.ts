import { createHmac } from 'node:crypto'
import { refreshSecrets } from './constants.js'

/** Writes values so that those of two runs can be compared. */
export interface Names {
  /** Drawn values become names by the order in which they are seen, JWTs their header and claims, refresh tokens their parts. */
  clean(value: unknown): unknown
}

/** Prose, which may change. */
const leftOut = ['error_description']
/** What differs from run to run, and further prose: only whether it is there counts. */
const measured = ['durationMs', 'cause', 'expected', 'received']
const isJwt = (text: string): boolean => /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(text)
const parse = (segment = ''): unknown => JSON.parse(Buffer.from(segment, 'base64url').toString())

/** The MAC of a refresh token, made here again: the format is stored with every client. */
function macOf(keyId: string, family: string, generation: string): string {
  const signed = `r1.${keyId}.${family}.${generation}`
  return createHmac('sha256', refreshSecrets.current.secret).update(`countersign refresh token\0${signed}`).digest('base64url')
}

export function createNames(): Names {
  const known = new Map<string, string>()
  const counts = new Map<string, number>()

  function nameOf(kind: string, value: string): string {
    const before = known.get(value)
    if (before !== undefined) return before
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    const name = `<${kind} ${count}>`
    known.set(value, name)
    return name
  }

  function cleanText(text: string): string {
    return text
      .replace(/r1\.([\w-]+)\.([\w-]{22})\.(\d+)\.([\w-]{43})/g, (_, keyId: string, family: string, generation: string, mac: string) => {
        const isRight = mac === macOf(keyId, family, generation)
        return `r1.${keyId}.${nameOf('family', family)}.${generation}.<${isRight ? 'mac' : 'wrong mac'}>`
      })
      .replace(/\bcs_[0-9a-f]{72}\b/g, (secret) => nameOf('secret', secret))
      .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/g, (uuid) => nameOf('uuid', uuid))
      .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<jwt>')
      .replace(/error_description="[^"]*"/g, 'error_description="…"')
      .replace(/\b127\.0\.0\.1:\d+\b/g, '<host>')
  }

  function cleanMember(name: string, value: unknown): unknown {
    if (measured.includes(name)) return `<${name}>`
    if (typeof value === 'string' && (name === 'family' || name === 'refresh_family')) return nameOf('family', value)
    if (typeof value === 'string' && name === 'mfa_token') return nameOf('mfa', value)
    return clean(value)
  }

  function clean(value: unknown): unknown {
    if (typeof value === 'string') {
      if (!isJwt(value)) return cleanText(value)
      const [header, claims] = value.split('.')
      return { jwt: { header: clean(parse(header)), claims: clean(parse(claims)) } }
    }
    if (Array.isArray(value)) return value.map(clean)
    if (typeof value !== 'object' || value === null) return value
    const members = Object.entries(value).filter(([name, member]) => member !== undefined && !leftOut.includes(name))
    return Object.fromEntries(members.map(([name, member]) => [cleanText(name), cleanMember(name, member)]))
  }

  return { clean }
}
