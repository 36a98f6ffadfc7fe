import type { TestKey } from '../tokens/test-keys.js'
import { type MalformedToken, type TakeApartOptions, takeApart } from '../tokens/valid-token.js'
import { keyConfusion } from './key-confusion.js'
import { malformedAlgorithm } from './malformed-algorithm.js'
import { malformedClaims } from './malformed-claims.js'
import { malformedHeader } from './malformed-header.js'
import { malformedSegments } from './malformed-segments.js'
import { malformedSignature } from './malformed-signature.js'
import { wrongAudience } from './wrong-audience.js'
import { wrongUse } from './wrong-use.js'

/**
 * Tokens that differ from a valid one in one thing and must all be refused. Wherever the fault is not the signature
 * itself, they are signed with the trusted key, so that nothing but the fault can refuse them.
 *
 * @param token - a valid compact JWS that `key` signed and whose `kid` names it
 * @param key - the key pair; what the verifier trusts must state its `alg`
 */
export function malformedTokens(token: string, key: TestKey, options: TakeApartOptions = {}): readonly MalformedToken[] {
  const valid = takeApart(token, key, options)
  return [
    ...malformedSegments(valid),
    ...malformedHeader(valid),
    ...malformedAlgorithm(valid),
    ...malformedClaims(valid),
    ...wrongAudience(valid),
    ...malformedSignature(valid),
    ...keyConfusion(valid),
    ...wrongUse(valid),
  ]
}
