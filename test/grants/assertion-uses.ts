import { clientCredentials, type ExchangePolicy, type Grant, jwtBearer, tokenExchange } from '@countersign/grants'
import { type AssertionSetup, allowPeople, assertionSetup, basic, bearer, clientAssertionType, exchangeOf } from './assertion-setup.js'

interface KeyedClient {
  readonly id: string
  readonly secret: string
}

/** One way to present a JWT that a client signed. */
export interface AssertionUse {
  readonly name: string
  /** Status and code of a refusal. */
  readonly refusal: string
  /** Registers a client that presents them in this way. */
  client(
    suite: AssertionSetup,
    changes?: Parameters<AssertionSetup['keyed']>[0],
    key?: Parameters<AssertionSetup['keyed']>[1],
  ): Promise<KeyedClient>
  /** Claims that differ from those of `jwtOf`. */
  claims(id: string): Readonly<Record<string, unknown>>
  request(token: string, client: KeyedClient): readonly [parameters: Record<string, string>, headers?: Record<string, string>]
}

/** All of them. */
export const assertionUses: readonly AssertionUse[] = [
  {
    name: 'a subject token',
    refusal: '400 invalid_request',
    client: (suite, changes, key) => suite.keyed(changes, key),
    claims: () => ({}),
    request: (token, { id, secret }) => [exchangeOf(token), { ...basic(id, secret) }],
  },
  {
    name: 'an assertion',
    refusal: '400 invalid_grant',
    client: (suite, changes, key) => suite.keyed({ authMethods: ['private_key_jwt'], ...changes }, key),
    claims: () => ({}),
    request: (token) => [{ grant_type: bearer, assertion: token }],
  },
  {
    name: 'a client assertion',
    refusal: '401 invalid_client',
    client: (suite, changes, key) => suite.keyed({ authMethods: ['private_key_jwt'], ...changes }, key),
    claims: (id) => ({ sub: id }),
    request: (token) => [{ grant_type: 'client_credentials', client_assertion: token, client_assertion_type: clientAssertionType }],
  },
]

const itselfAndPeople: ExchangePolicy = ({ client, presented: { subject } }) => ({ allow: true, isPerson: subject !== client.id })

/** Grants that take one JWT in every way, where its subject is the client. */
export const everyUse: readonly Grant[] = [clientCredentials(), tokenExchange({ policy: itselfAndPeople }), jwtBearer()]
/** A client that may present one JWT in every way. */
export const everyMethod = ['client_secret_basic', 'private_key_jwt'] as const

/** An endpoint that takes them in every way. */
export const usesSetup = (options: Parameters<typeof assertionSetup>[0] = {}): AssertionSetup =>
  assertionSetup({ grants: [clientCredentials(), tokenExchange({ policy: allowPeople }), jwtBearer({ policy: allowPeople })], ...options })
