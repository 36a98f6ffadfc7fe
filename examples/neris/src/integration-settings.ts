import type { ClientSettings } from '@countersign/grants'

/** What the client of an integration may do. Whether it gets refresh tokens differs: a published client cannot take one. */
export function integrationSettings(refresh: 'rotating' | 'none'): ClientSettings {
  return {
    // Some clients send id and secret in the body instead, as many other servers want it.
    authMethods: ['client_secret_basic', 'client_secret_post'],
    // Published clients encode nothing in their Basic header.
    basicEncoding: 'raw',
    grants: ['client_credentials', 'refresh_token'],
    refresh: refresh === 'none' ? { policy: 'none' } : { policy: refresh, withClientCredentials: true },
  }
}
