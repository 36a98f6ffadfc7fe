import type { AddressInfo } from 'node:net'
import { handle } from '@countersign/express'
import { createClients, createTokenEndpoint, type Grant, refreshToken, rfc6749, type TokenDialect } from '@countersign/grants'
import { createSigner } from '@countersign/jwt'
import { privateKeyOf, testKeys } from '@countersign/testkit'
import express from 'express'
import { openStores } from './open-stores.js'
import { audience, issuer, signInType, type WorkerSetup } from './setup.js'

/** A server with a token endpoint. It tells its port over IPC. */
const { place, secret } = JSON.parse(process.argv[2] ?? '') as WorkerSetup
const secrets = { current: { id: '1', secret } }
const { stores } = openStores(place)
const signer = createSigner({ key: privateKeyOf(testKeys.es256), algorithm: 'ES256', kid: testKeys.es256.kid })
const clients = createClients({ store: stores.clients, pepper: secrets, issuer })

const signIn: Grant = {
  type: signInType,
  validate: async ({ parameters, scopes, audiences }) => ({
    ok: true,
    granted: { ok: true, subject: parameters.get('user') ?? '', isPerson: true, scopes, audiences },
  }),
}

/** Says why, so that the campaign can count. */
const dialect: TokenDialect = {
  ...rfc6749,
  refusal(refusal, context) {
    const reply = rfc6749.refusal(refusal, context)
    return { ...reply, headers: { ...reply.headers, 'x-reason': refusal.reason } }
  },
}

const endpoint = createTokenEndpoint({
  issuer,
  audience,
  signer: { current: () => signer },
  stores,
  clients,
  grants: [signIn, refreshToken({ secrets })],
  dialect,
  rateLimits: false,
})

const app = express()
app.post('/token', handle(endpoint))
const server = app.listen(0, '127.0.0.1', () => process.send?.({ value: (server.address() as AddressInfo).port }))
