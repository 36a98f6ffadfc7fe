import { type RecordCodec, recordCodec, type TokenOrigin } from '@countersign/core'
import type { UsedKey } from '../assertions/used-key.js'
import type { Authentication } from '../grants/grant.js'

/** What the store keeps with a family of refresh tokens: everything that a token is made of again. */
export interface ChainData {
  readonly v: 1
  readonly subject: string
  readonly isPerson: boolean
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly authentication?: Authentication
  readonly claims?: Readonly<Record<string, unknown>>
  /** By which the family began. */
  readonly grantType: string
  /** Id of the client's secret that began the family. */
  readonly secretId?: string
  /** Keys of the client that the family depends on: it is revoked with each of them. */
  readonly keys?: readonly UsedKey[]
  /** What that was itself obtained with. */
  readonly inherited?: readonly string[]
  /** What it was exchanged for. */
  readonly origins?: readonly TokenOrigin[]
  /** The latest end of its access tokens, in epoch seconds. */
  readonly expiresAt?: number
  /** Epoch seconds. */
  readonly startedAt: number
}

const storedAuthentication: RecordCodec<Authentication> = recordCodec({ authTime: 'authTime', amr: 'amr', acr: 'acr' })

const storedKey: RecordCodec<UsedKey> = recordCodec({ kid: 'kid', algorithm: 'algorithm', thumbprint: 'thumbprint' })

const storedOrigin: RecordCodec<TokenOrigin> = recordCodec({
  iss: 'iss',
  kid: 'kid',
  jti: 'jti',
  sub: 'sub',
  client_id: 'client_id',
  client_key: 'client_key',
  refresh_family: 'refresh_family',
  iat: 'iat',
})

const stored: RecordCodec<ChainData> = recordCodec({
  v: 'v',
  subject: 'subject',
  isPerson: 'isPerson',
  scopes: 'scopes',
  audiences: 'audiences',
  authentication: ['authentication', storedAuthentication],
  claims: 'claims',
  grantType: 'grantType',
  secretId: 'secretId',
  keys: ['keys', storedKey],
  inherited: 'inherited',
  origins: ['origins', storedOrigin],
  expiresAt: 'expiresAt',
  startedAt: 'startedAt',
})

/** The JSON text that the store keeps. */
export const chainText = (data: ChainData): string => JSON.stringify(stored.toRecord(data))

/** Undefined for a format that this release does not understand. */
export function parseChain(text: string): ChainData | undefined {
  const record = JSON.parse(text) as { readonly v?: unknown } | null
  return record?.v === 1 ? stored.fromRecord(record) : undefined
}
