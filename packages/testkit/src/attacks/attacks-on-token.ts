import { malformedTokens } from '../malformed/malformed-tokens.js'
import { type Attack, type AttackContext, type ExpectedReply, expectations } from './attack.js'

const { badToken } = expectations

/** Every malformed token, for every key of the issuer. */
export async function attacksOnToken(context: AttackContext): Promise<readonly Attack[]> {
  const { issuer } = context.target
  const attacks: Attack[] = []
  for (const key of issuer.keys) {
    const token = await context.valid({ key, kid: key.kid })
    for (const malformed of malformedTokens(token, key, { now: issuer.now })) {
      if (!malformed.carriedByHttp) continue
      attacks.push({
        family: `token: ${malformed.family}`,
        name: `${key.alg}: ${malformed.name}`,
        expected: expectedFor(malformed.token),
        attempt: () => context.sendToken(malformed.token),
      })
    }
  }
  return attacks
}

/** A comma makes two credentials of one field; a field that is too long for Node's parser never reaches the app. */
function expectedFor(token: string): ExpectedReply {
  if (token.includes(',')) return { status: [400], challenge: 'invalid_request' }
  return token.length > 12_000 ? { status: [401, 431], challenge: 'any' } : badToken
}
