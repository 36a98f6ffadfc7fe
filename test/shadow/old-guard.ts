import { Agent, type IncomingHttpHeaders, request as send } from 'node:http'
import { publicKeyOf, testKeys } from '@countersign/testkit'
import { type CompactVerifyResult, compactVerify } from 'jose'
import { startsAt, tokenOf } from '../verifier/guard-setup.js'

/** A guard of the lax kind: it looks at the signature and, with a minute of tolerance, at the expiry, and at nothing else. */
export function createOldGuard(): (authorization: string | undefined) => Promise<boolean> {
  const verified = new Map<string, Promise<CompactVerifyResult | undefined>>()
  const keys = [publicKeyOf(testKeys.es256), publicKeyOf(testKeys.rs256)]
  async function verify(token: string): Promise<CompactVerifyResult | undefined> {
    for (const key of keys) {
      try {
        return await compactVerify(token, key)
      } catch {
        // The next key may fit.
      }
    }
    return undefined
  }
  return async (authorization = '') => {
    if (!authorization.startsWith('Bearer ')) return false
    const token = authorization.slice('Bearer '.length)
    const known = verified.get(token) ?? verify(token)
    verified.set(token, known)
    const result = await known
    if (result === undefined) return false
    const { exp } = JSON.parse(new TextDecoder().decode(result.payload)) as { exp?: number }
    return exp === undefined || startsAt < exp + 60
  }
}

/** A kind of request, what the old guard does with it, and why the new one refuses it. */
export interface Kind {
  readonly name: string
  readonly authorization: string
  readonly old: 'admitted' | 'refused'
  /** Empty: the new guard admits it. */
  readonly reason: string
}

const kind = (name: string, token: string, reason: string, old: Kind['old'] = 'admitted', scheme = 'Bearer'): Kind => ({
  name,
  authorization: `${scheme} ${token}`,
  old,
  reason,
})

/** Nine kinds that only the old guard admits, one that only the new guard admits, and two that both agree on. */
export async function plantedKinds(): Promise<{ readonly different: readonly Kind[]; readonly equal: readonly Kind[] }> {
  return {
    different: [
      kind('no exp', await tokenOf({ exp: undefined }), 'claims'),
      kind('another audience', await tokenOf({ aud: 'https://other.test' }), 'audience'),
      kind('another type', await tokenOf({}, { typ: 'logout+jwt' }), 'token_type'),
      kind('expired a moment ago', await tokenOf({ exp: startsAt - 30 }), 'expired'),
      kind('another issuer', await tokenOf({ iss: 'https://stranger.test' }), 'unknown_issuer'),
      kind('issued tomorrow', await tokenOf({ iat: startsAt + 86_400, exp: startsAt + 90_000 }), 'issued_in_future'),
      kind('another algorithm', await tokenOf({}, {}, testKeys.rs256), 'algorithm'),
      kind('not valid yet', await tokenOf({ nbf: startsAt + 600 }), 'not_yet_valid'),
      kind('fewer scopes', await tokenOf({ scope: 'other' }), 'insufficient_scope'),
      kind('a scheme in lower case', await tokenOf({ sub: 'user-2' }), '', 'refused', 'bearer'),
    ],
    equal: [
      kind('a good token', await tokenOf(), ''),
      kind('a token that expired long ago', await tokenOf({ exp: startsAt - 86_400 }), 'expired', 'refused'),
    ],
  }
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A client that keeps its connections. */
export function createClient(url: string): { get(path: string, authorization?: string): Promise<Answered>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  return {
    get: (path, authorization) =>
      new Promise((resolve, reject) => {
        send(url + path, { agent, headers: authorization === undefined ? {} : { authorization } }, (response) => {
          let body = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            body += chunk
          })
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
          response.on('error', reject)
        })
          .on('error', reject)
          .end()
      }),
    close: () => agent.destroy(),
  }
}
