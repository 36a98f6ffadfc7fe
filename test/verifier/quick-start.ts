import { generateKeyPairSync } from 'node:crypto'
import { createSigner, signJwt } from '@countersign/jwt'
import { createGuard, createRevocations, requireScopes, staticKeys } from '@countersign/verifier'

// An issuer of the example's own; yours has its keys at a URL: oidc(), jwks() or cognito().
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const signer = createSigner({ key: privateKey, algorithm: 'ES256' })
const claims = { iss: 'https://partner.example', aud: 'https://api.example', sub: 'alice', client_id: 'app', scope: 'read' }
const issue = (exp: number): Promise<string> => signJwt({ ...claims, exp }, { signer, typ: 'at+jwt' })

const revocations = createRevocations()
const guard = createGuard({
  issuers: {
    partner: staticKeys({ issuer: 'https://partner.example', keys: publicKey, algorithms: ['ES256'], audience: 'https://api.example' }),
  },
  revocations,
})

async function ask(token: string, ...scopes: string[]): Promise<string> {
  const request = { method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }
  const admission = await guard.check(request, requireScopes('read', ...scopes))
  return admission.ok ? `admitted: ${guard.authOf(request).subject}` : `${admission.reply.status} ${admission.reason}`
}

const nowSeconds = Date.now() / 1000
const token = await issue(nowSeconds + 300)
console.log(await ask(token)) // admitted: alice
console.log(await ask(token, 'write')) // 403 insufficient_scope
console.log(await ask(await issue(nowSeconds - 300))) // 401 expired
revocations.revoke({ type: 'client', issuer: 'https://partner.example', clientId: 'app' })
console.log(await ask(token)) // 401 revoked_client
