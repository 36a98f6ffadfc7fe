import { type RecordCodec, recordCodec } from '@countersign/core'
import type { TlsClientAuth } from '../../certificates/registered-name.js'
import type { AssertionRules } from './assertion-rules.js'
import type { CompleteSettings } from './client.js'
import type { KeptSecret } from './client-secret.js'
import type { RefreshPolicy } from './refresh-policy.js'

/** A client as it is kept. */
export interface ClientRecord extends CompleteSettings {
  readonly v: 1
  readonly id: string
  readonly isLocked: boolean
  readonly credentialGeneration: string
  readonly isChanged?: boolean
  readonly secrets: readonly KeptSecret[]
}

const storedRefresh: RecordCodec<RefreshPolicy> = recordCodec({
  policy: 'policy',
  lifetimeSeconds: 'lifeSeconds',
  unrotatedPublicClient: 'unrotatedPublicClient',
  retryWindowSeconds: 'retryWindowSeconds',
  idleLifetimeSeconds: 'idleSeconds',
  absoluteLifetimeSeconds: 'absoluteSeconds',
  withClientCredentials: 'withClientCredentials',
})

const storedRules: RecordCodec<AssertionRules> = recordCodec({
  issuer: 'issuer',
  audiences: 'audiences',
  maxLifetimeSeconds: 'maxLifeSeconds',
  jti: 'jti',
  subjects: 'subjects',
  clockToleranceSeconds: 'clockToleranceSeconds',
  mayOutlive: 'mayOutlive',
  authenticationAudience: 'authenticationAudience',
})

const storedSecret: RecordCodec<KeptSecret> = recordCodec({
  id: 'id',
  title: 'title',
  createdAt: 'createdAt',
  notBefore: 'notBefore',
  expiresAt: 'expiresAt',
  pepper: 'pepper',
  hash: 'hash',
})

const storedTlsClientAuth: RecordCodec<TlsClientAuth> = recordCodec({
  subjectDn: 'subjectDn',
  sanDns: 'sanDns',
  sanUri: 'sanUri',
  sanIp: 'sanIp',
  sanEmail: 'sanEmail',
})

/** Stored names never change, also when a setting gets another name. */
export const storedClient: RecordCodec<ClientRecord> = recordCodec({
  v: 'v',
  id: 'id',
  title: 'title',
  owner: 'owner',
  authMethods: 'methods',
  basicEncoding: 'basicEncoding',
  isFirstParty: 'isFirstParty',
  grants: 'grants',
  scopes: 'scopes',
  defaultScopes: 'defaultScopes',
  audiences: 'audiences',
  accessTokenLifetimeSeconds: 'accessTokenSeconds',
  refresh: ['refresh', storedRefresh],
  dpopBoundAccessTokens: 'dpopBoundAccessTokens',
  tlsClientCertificateBoundAccessTokens: 'tlsClientCertificateBoundAccessTokens',
  tlsClientAuth: ['tlsClientAuth', storedTlsClientAuth],
  assertion: ['assertion', storedRules],
  isLocked: 'isLocked',
  credentialGeneration: 'era',
  isChanged: 'isChanged',
  secrets: ['secrets', storedSecret],
})
