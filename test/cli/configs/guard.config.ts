import { publicKeyOf, testKeys } from '@countersign/testkit'
import { cognito, createGuard, createRevocations, jwks, staticKeys } from '@countersign/verifier'

const keysUrl = process.env.TEST_KEYS_URL ?? 'http://127.0.0.1:1'

export const revocations = createRevocations()

const schema = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) =>
      typeof (value as { plan?: unknown }).plan === 'string' ? { value: {} } : { issues: [{ message: 'plan', path: ['plan'] }] },
  },
}

export const guard = createGuard({
  resource: 'https://api.example',
  revocations,
  issuers: {
    partner: staticKeys({
      issuer: 'https://partner.example',
      keys: [testKeys.rs256, testKeys.es256].map((key) => ({ kid: key.kid, publicKey: publicKeyOf(key) })),
      algorithms: ['RS256', 'ES256'],
      audience: 'https://api.example',
      maxAgeSeconds: 3600,
      clockToleranceSeconds: 5,
    }),
    hub: jwks({
      issuer: 'https://hub.example/',
      url: `${keysUrl}/us-east-2_AbCdEfGhI/.well-known/jwks.json`,
      algorithms: ['ES256'],
      audience: 'https://api.example/',
      schema,
    }),
    pool: cognito({
      userPoolId: 'us-east-2_AbCdEfGhI',
      clientId: '4h57k0example',
      endpoint: keysUrl,
    }),
    entra: jwks({
      issuer: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0',
      url: 'http://127.0.0.1:1/keys',
      algorithms: ['RS256'],
      audience: 'https://api.example',
    }),
    legacy: staticKeys({
      issuer: 'https://legacy.example',
      secrets: { current: { id: '1', secret: 'a secret of the legacy system, 32 bytes or more' } },
      algorithms: ['HS256'],
      audience: 'https://api.example',
    }),
  },
})
