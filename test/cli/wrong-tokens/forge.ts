import { sign } from 'node:crypto'
import { forgeToken, privateKeyOf, signToken, type TestKey, testKeys } from '@countersign/testkit'

/** What a wrong token must be explained with. */
export interface WrongToken {
  readonly name: string
  readonly input: () => string | Promise<string>
  readonly reason: string
  /** A part of the cause. */
  readonly cause: RegExp
  /** A part of the line to change. */
  readonly line: string
  readonly scopes?: string
}

export const seconds = (): number => Math.floor(Date.now() / 1000)
export const api = 'https://api.example'

type Members = Readonly<Record<string, unknown>>

/** Claims that the entry `partner` accepts, with some replaced. */
export const claimsOf = (changes: Members = {}): Record<string, unknown> => ({
  iss: 'https://partner.example',
  aud: api,
  sub: 'maria.personal@example.com',
  iat: seconds(),
  exp: seconds() + 300,
  jti: 'a-token',
  ...changes,
})

export const partner =
  (changes: Members = {}, header: Members = {}, key: TestKey = testKeys.rs256) =>
  (): Promise<string> =>
    signToken({ claims: claimsOf(changes), header, key })
export const hub = (changes: Members = {}, header: Members = {}) =>
  partner({ iss: 'https://hub.example/', aud: `${api}/`, plan: 'a', ...changes }, header, testKeys.es256)
export const poolIssuer = 'https://cognito-idp.us-east-2.amazonaws.com/us-east-2_AbCdEfGhI'
export const pool = (changes: Members = {}) =>
  partner({ iss: poolIssuer, aud: undefined, token_use: 'access', client_id: '4h57k0example', ...changes }, { typ: undefined })
export const forged = (header: Members, changes: Members, signer: (input: string) => Uint8Array) => (): string =>
  forgeToken({ header: { kid: testKeys.rs256.kid, typ: 'at+jwt', ...header }, payload: claimsOf(changes) }, signer)

export const good = partner()
export const cut = async (parts: number): Promise<string> => (await good()).split('.').slice(0, parts).join('.')
export const request = 'Authorization: Bearer'
export const der = (input: string): Uint8Array =>
  sign('sha256', Buffer.from(input), { key: privateKeyOf(testKeys.es256), dsaEncoding: 'der' })
