import { type RecordCodec, recordCodec } from '@countersign/core'
import type { OwnKey } from './signing-key.js'

/** Stored names never change, also when a member gets another name. `publicJwk` has the names of RFC 7517. */
export const storedSigningKey: RecordCodec<OwnKey> = recordCodec({
  kid: 'kid',
  algorithm: 'algorithm',
  purpose: 'purpose',
  publicJwk: 'publicJwk',
  sealed: 'sealed',
  stagedAt: 'stagedAt',
  activeAt: 'activeAt',
  retireAt: 'retireAt',
  revokedAt: 'revokedAt',
  revokedFor: 'revokedFor',
})
