import { type RecordCodec, recordCodec } from '@countersign/core'
import type { ClientKey } from './client-key.js'

/** Stored names never change, also when a member gets another name. `publicJwk` has the names of RFC 7517. */
export const storedClientKey: RecordCodec<ClientKey> = recordCodec({
  kid: 'kid',
  thumbprint: 'thumbprint',
  algorithm: 'algorithm',
  publicJwk: 'publicJwk',
  registeredAt: 'registeredAt',
  confirmedAt: 'confirmedAt',
  notBefore: 'notBefore',
  expiresAt: 'expiresAt',
  retiredAt: 'retiredAt',
  revokedAt: 'revokedAt',
  revokedFor: 'revokedFor',
})
