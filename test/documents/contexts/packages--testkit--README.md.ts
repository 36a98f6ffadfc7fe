import { publicJwkOf, testKeys, tokenFactory } from '@countersign/testkit'
import { createGuard, staticKeys } from '@countersign/verifier'
import express from 'express'
import { expressAdapter } from '../../contracts/express-adapter.js'

export { strict as assert } from 'node:assert'
export { createFakeIssuer, malformedTokens, mountContract, testKeys } from '@countersign/testkit'
export { describe, it } from 'vitest'

const [issuer, audience] = ['https://partner.example', 'https://api.example']
export const key = testKeys.es256
export const validToken = await tokenFactory({ issuer, keys: [key], audience }).token()
export const guard = createGuard({
  issuers: { partner: staticKeys({ issuer, keys: { keys: [publicJwkOf(key)] }, algorithms: ['ES256'], audience }) },
})
export const adapters = [expressAdapter('Express', express)]
