import { testKeys, tokenFactory } from '@countersign/testkit'

/*
 * Issuers that the documentation names by an address which nobody has. Each publishes the same keys; a request to any other
 * host than this machine fails, since the documentation must not need one.
 */
const documented = /^https:\/\/([\w.-]+\.example|cognito-idp\.[\w-]+\.amazonaws\.com)\//
const keys = [testKeys.es256, testKeys.rs256]

/** Tokens that one of those issuers signs. */
export const tokenOf = (issuer: string, claims: Readonly<Record<string, unknown>>): Promise<string> =>
  tokenFactory({ issuer, keys, audience: 'https://api.example' }).token({ claims })

/** People of the documentation, by the variable that has their token. */
export async function tokensOfReaders(): Promise<Readonly<Record<string, string>>> {
  const now = Math.floor(Date.now() / 1000)
  // Issued after the program of the page began, which is about to: stores in memory cannot prove what happened before them.
  const ofLogin = (sub: string): Promise<string> => tokenOf('https://login.example', { sub, amr: ['mfa'], auth_time: now, iat: now + 3 })
  return { VERA: await ofLogin('vera'), PAUL: await ofLogin('paul') }
}

/** A fetch that answers for those issuers. */
export function documentedIssuers(real: typeof fetch): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    if (url.hostname === '127.0.0.1') return real(input, init)
    if (!documented.test(url.href)) throw new TypeError(`the documents must not need ${url.href}`)
    if (!url.pathname.includes('/.well-known/openid-configuration')) return Response.json(tokenFactory({ issuer: url.origin, keys }).jwks())
    const issuer = url.href.replace('/.well-known/openid-configuration', '')
    return Response.json({ issuer, jwks_uri: `${url.origin}/jwks` })
  }
}
