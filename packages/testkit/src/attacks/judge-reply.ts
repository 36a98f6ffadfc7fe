import type { ReceivedReply } from '../mounts/http-sender.js'
import type { ExpectedReply } from './attack.js'

/** Texts that only an answer with internals or with what the attacker sent can hold. */
const leaks = ['attacker.example', 'internal detail', 'ECONNREFUSED', 'ENOTFOUND', '127.0.0.1', '\n    at ', 'node_modules', 'x-injected']

/**
 * Holds an answer to what was expected of it, challenge aside: status, Retry-After of an outage, and that nothing inside
 * comes out.
 *
 * @returns what is wrong, or undefined
 */
export function replyFault({ status, headers, body }: ReceivedReply, expected: ExpectedReply): string | undefined {
  if (!expected.status.includes(status)) return `answered ${status}`
  if (status === 503 && !(Number(headers['retry-after']) >= 1)) return 'a 503 without Retry-After in seconds'
  if (status < 300) return undefined
  const text = `${JSON.stringify(headers)}${body}`
  const leak = leaks.find((inner) => text.includes(inner))
  return leak === undefined ? undefined : `the answer gives away ${JSON.stringify(leak)}`
}

/**
 * Holds the challenge of an answer to what was expected of it.
 *
 * @returns what is wrong, or undefined
 */
export function challengeFault({ headers }: ReceivedReply, expected: ExpectedReply): string | undefined {
  const { challenge: kind, scopes } = expected
  if (kind === 'any') return undefined
  const field = headers['www-authenticate']
  if (kind === 'none') return field === undefined ? undefined : 'a challenge where none belongs'
  if (field === undefined) return 'no WWW-Authenticate'
  const parameters = typeof field === 'string' ? parseChallenge(field) : undefined
  if (parameters === undefined) return 'WWW-Authenticate is not one bearer challenge of quoted texts'
  const wanted = kind === 'bare' ? undefined : kind
  if (parameters.error !== wanted) return `the challenge says error ${parameters.error}, not ${wanted}`
  if (scopes && scopes.toSorted().join(' ') !== (parameters.scope ?? '').split(' ').toSorted().join(' ')) {
    return `the challenge names the scopes ${parameters.scope}, not ${scopes.join(' ')}`
  }
  return undefined
}

/** Reads `Bearer name="text", …` with unique names, strictly; undefined for anything else. */
function parseChallenge(field: string): Readonly<Record<string, string>> | undefined {
  if (!field.startsWith('Bearer ')) return undefined
  const parameters: Record<string, string> = {}
  let rest = field.slice('Bearer '.length)
  while (rest !== '') {
    const match = /^(?<name>[a-z_]{1,40})="(?<text>[\x20-\x21\x23-\x5b\x5d-\x7e]{0,500})"(?:, |$)/.exec(rest)
    const { name, text } = match?.groups ?? {}
    if (match === null || name === undefined || text === undefined || name in parameters) return undefined
    parameters[name] = text
    rest = rest.slice(match[0].length)
  }
  return parameters
}
