import { randomUUID } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import {
  type ClientRegistration,
  type ClientsOptions,
  clientCredentials,
  type ExchangePolicy,
  type Grant,
  jwtBearer,
  refreshToken,
  type TokenEndpointOptions,
  tokenExchange,
} from '@countersign/grants'
import { createSigner, signJwt } from '@countersign/jwt'
import { createKeyRegistry, type KeyRegistry } from '@countersign/keys'
import { type FixedClock, fixedClock, privateKeyOf, publicJwkOf, type TestKey, testKeys } from '@countersign/testkit'
import { basic, issuer, type Setup, setup } from './endpoint-setup.js'
import { heardEvents } from './outcomes.js'

export const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const bearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
export const clientAssertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Everybody whom a client names is a person. */
export const allowPeople: ExchangePolicy = ({ presented }) =>
  presented.subject === undefined ? undefined : { allow: true, isPerson: true }

/** Claims and header of a JWT to sign; undefined takes a member away. */
export interface Changes {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: TestKey
  readonly kid?: string
  readonly omitKid?: boolean
  readonly typ?: string
}

export interface AssertionSetup extends Setup {
  readonly registry: KeyRegistry
  readonly outcomes: () => readonly string[]
  /** A client with a key under the name `k1`, and a secret where its methods have one. */
  keyed(changes?: Partial<ClientRegistration>, key?: TestKey): Promise<{ readonly id: string; readonly secret: string }>
  /** A JWT of that client, good in every way but for the changes. */
  jwtOf(id: string, changes?: Changes): Promise<string>
  /** `<status> <error> <reason>`, or `200`. */
  outcomeOf(parameters: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<string>
}

/** What a client of the suites may do. */
const usual: Partial<ClientRegistration> = { grants: ['client_credentials', 'refresh_token', exchange, bearer] }

interface AssertionOptions extends Partial<Omit<TokenEndpointOptions, 'stores'>> {
  readonly clock?: FixedClock
  readonly allStores?: Stores
  readonly registry?: KeyRegistry
  readonly clientOptions?: Partial<ClientsOptions>
}

const secrets = { current: { id: 'r', secret: 'k'.repeat(32) } }

/** The usual grants over JWTs. */
export const grantsWith = (policy: ExchangePolicy = allowPeople): readonly Grant[] => [
  clientCredentials(),
  refreshToken({ secrets }),
  tokenExchange({ policy }),
  jwtBearer(),
]

/** A token endpoint whose clients have keys. */
export function assertionSetup(options: AssertionOptions = {}): AssertionSetup {
  const { clock: given, registry: shared, clientOptions, ...rest } = options
  const clock = given ?? fixedClock()
  const now = options.now ?? clock.now
  const stores = options.allStores ?? memoryStores({ now })
  const registry = shared ?? createKeyRegistry({ issuer, store: stores.keys, revocations: stores.revocations, now })
  const heard = heardEvents()
  // What was signed before a store began to remember cannot be claimed.
  if (options.now === undefined) clock.advance(60)
  const suite = setup({
    grants: grantsWith(),
    ...rest,
    now,
    allStores: stores,
    clientOptions: { clientKeys: registry.clientKeys, issuer, revocations: stores.revocations, now, ...clientOptions },
  })
  const seconds = (): number => Math.floor(now() / 1000)

  return {
    ...suite,
    clock,
    registry,
    outcomes: () => heard.map((event) => event.outcome),
    async keyed(changes = {}, key = testKeys.rs256) {
      const client = await suite.register({ ...usual, ...changes })
      const registered = await registry.clientKeys.register({ owner: client.id, kid: 'k1', jwk: publicJwkOf(key, { kid: undefined }) })
      if (!registered.ok) throw new Error(registered.reason)
      return client
    },
    async jwtOf(id, { claims = {}, key = testKeys.rs256, kid = 'k1', omitKid = false, typ = 'JWT' } = {}) {
      const signer = createSigner({ key: privateKeyOf(key), algorithm: key.alg, kid })
      const usualClaims = { iss: id, sub: 'person-1', aud: issuer, iat: seconds(), exp: seconds() + 300, jti: randomUUID() }
      return signJwt({ ...usualClaims, ...claims }, { signer, typ, omitKid })
    },
    async outcomeOf(parameters, headers) {
      const before = heard.length
      const { status, body } = await suite.ask(parameters, headers)
      return status === 200 ? '200' : `${status} ${body.error} ${heard[before]?.outcome}`
    },
  }
}

/** Parameters of an exchange. */
export const exchangeOf = (token: string, further: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  grant_type: exchange,
  subject_token: token,
  subject_token_type: jwtType,
  ...further,
})

export { basic, issuer }
