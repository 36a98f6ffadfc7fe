import { type RecordCodec, recordCodec } from './record-codec.js'
import type { RevocationEntry } from './revocation.js'

/** An entry of the denylist as adapters store it. Stored names never change, also when a member gets another name. */
export const storedRevocation: RecordCodec<RevocationEntry> = recordCodec({
  type: 'type',
  issuer: 'issuer',
  kid: 'kid',
  thumbprint: 'thumbprint',
  jti: 'jti',
  family: 'family',
  subject: 'subject',
  clientId: 'clientId',
  expiresAt: 'expiresAt',
  notBefore: 'notBefore',
})
