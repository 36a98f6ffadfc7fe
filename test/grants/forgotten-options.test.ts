import type { PasswordAuthenticator } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import {
  type ClientsOptions,
  clientCredentials,
  createClients,
  createTokenEndpoint,
  type RefreshTokenOptions,
  refreshToken,
  type TokenEndpointOptions,
} from '@countersign/grants'
import { passwordGrants } from '@countersign/grants/password'
import { describe, expect, it } from 'vitest'
import { audience, issuer, signer } from './endpoint-setup.js'

const secrets = { current: { id: '1', secret: 'k'.repeat(32) } }

/** What plain JavaScript lets through. */
const wrongSecrets: Readonly<Record<string, unknown>> = {
  'no secrets': undefined,
  'a text in their place': 'k'.repeat(32),
  'a variable of the environment that is not set': { current: { id: '1', secret: undefined } },
  'a number': { current: { id: '1', secret: 32 } },
  'none that is current': { previous: [secrets.current] },
}

describe('what is forgotten is told by its name at start-up', () => {
  it.each(Object.entries(wrongSecrets))('of createClients: %s', (_name, pepper) => {
    const options = { store: memoryStores().clients, pepper } as ClientsOptions
    expect(() => createClients(options)).toThrow(/^createClients: pepper/)
  })

  it.each(Object.entries(wrongSecrets))('of refreshToken: %s', (_name, wrong) => {
    expect(() => refreshToken({ secrets: wrong } as RefreshTokenOptions)).toThrow(/^refreshToken: .*secret/)
  })

  it('a secret that is too short, with its length and without a part of it', () => {
    const short = { current: { id: 'p1', secret: 'shortsecret' } }
    const told = /\.current\.secret must be a string or bytes, 32 bytes or more, got a string of 11 characters$/
    for (const make of [() => createClients({ store: memoryStores().clients, pepper: short }), () => refreshToken({ secrets: short })]) {
      expect(make).toThrow(told)
      expect(make).not.toThrow(/shortsecret/)
    }
  })

  it('of refreshToken: all options', () => {
    expect(() => (refreshToken as () => unknown)()).toThrow(/^refreshToken: secrets/)
  })

  const authenticator: PasswordAuthenticator = {
    start: () => Promise.reject(new Error()),
    answerChallenge: () => Promise.reject(new Error()),
  }

  it.each<[string, readonly unknown[]]>([
    ['a factory that was not called', [clientCredentials]],
    ['a list of grants within the list', [passwordGrants({ authenticator })]],
    ['a grant without validate', [{ type: 'urn:example:grant' }]],
    ['nothing', [clientCredentials(), undefined]],
  ])('of createTokenEndpoint: %s among the grants', (_name, grants) => {
    const stores = memoryStores()
    const clients = createClients({ store: stores.clients, pepper: secrets })
    const options = { issuer, audience, signer, stores, clients, grants } as TokenEndpointOptions
    expect(() => createTokenEndpoint(options)).toThrow(/^createTokenEndpoint: grants/)
  })
})

describe('what is misspelt is told at start-up, in plain JavaScript too', () => {
  const stores = memoryStores()
  const clients = createClients({ store: stores.clients, pepper: secrets })

  it('of createClients', () => {
    const misspelt = { store: stores.clients, pepper: secrets, issuer, revocation: stores.revocations }
    expect(() => createClients(misspelt)).toThrow('createClients: unknown option "revocation"; did you mean "revocations"?')
  })

  it('of createTokenEndpoint', () => {
    const misspelt = { issuer, audience, signer, stores, clients, grants: [clientCredentials()], isactive: () => false }
    expect(() => createTokenEndpoint(misspelt)).toThrow('createTokenEndpoint: unknown option "isactive"; did you mean "isActive"?')
  })

  it('of the settings of a client', async () => {
    const misspelt = { grants: ['client_credentials'], isfirstparty: true }
    await expect(clients.register(misspelt)).rejects.toThrow('client: unknown option "isfirstparty"; did you mean "isFirstParty"?')
  })
})
