import { forgeToken, hmacSigner } from '@countersign/testkit'
import {
  api,
  assertionType,
  basicOf,
  es256Other,
  es384,
  grantType,
  issuer,
  otherApi,
  peopleIssuer,
  rs256,
  startsAt,
  tokenType,
} from '../constants.js'
import type { Ask, Asked } from '../recorder.js'
import { personToken, type Scenario, signedBy } from '../scenario.js'

const clientCredentials = 'client_credentials'
const typ = 'client-authentication+jwt'

const withAssertion = (client_assertion: string, form: Readonly<Record<string, string>> = {}): Asked => ({
  form: { grant_type: clientCredentials, client_assertion_type: assertionType, client_assertion, ...form },
})
const bearing = (assertion: string, form: Readonly<Record<string, string>> = {}): Asked => ({
  form: { grant_type: grantType.bearer, assertion, ...form },
})
const exchanging = (subject_token: string, form: Readonly<Record<string, string>> = {}, client = 'app'): Asked => ({
  headers: basicOf(client),
  form: { grant_type: grantType.exchange, subject_token, subject_token_type: tokenType.jwt, ...form },
})

async function clientAssertions(ask: Ask): Promise<void> {
  const good = await signedBy('signer', {}, { typ })
  await ask('client assertion', withAssertion(good))
  await ask('client assertion, again', withAssertion(good))
  await ask('client assertion with the id', withAssertion(await signedBy('signer', {}, { typ }), { client_id: 'signer', scope: 'read' }))
  await ask('client assertion of another id', withAssertion(await signedBy('signer', {}, { typ }), { client_id: 'app' }))
  await ask(
    'client assertion for the token endpoint',
    withAssertion(await signedBy('lenient', { aud: `${issuer}/token` }, { key: es384, typ })),
  )
  const faults: Readonly<Record<string, Parameters<typeof signedBy>>> = {
    'for the token endpoint of a client that may not': ['signer', { aud: `${issuer}/token` }, { typ }],
    'with two audiences': ['signer', { aud: [issuer, api] }, { typ }],
    'of another type': ['signer', {}, { typ: 'at+jwt' }],
    expired: ['signer', { iat: startsAt - 400, exp: startsAt - 100 }, { typ }],
    'not valid yet': ['signer', { nbf: startsAt + 100 }, { typ }],
    'issued in the future': ['signer', { iat: startsAt + 100 }, { typ }],
    'that lives too long': ['signer', { exp: startsAt + 4000 }, { typ }],
    'without jti': ['signer', { jti: undefined }, { typ }],
    'about somebody else': ['signer', { sub: 'app' }, { typ }],
    'with a key that is not known': ['signer', {}, { typ, kid: 'k2' }],
    'signed with another key': ['signer', {}, { typ, key: rs256 }],
    'of a client that is not known': ['nobody', {}, { typ }],
    'of a client with a secret': ['app', {}, { typ }],
  }
  for (const [name, args] of Object.entries(faults)) await ask(`client assertion ${name}`, withAssertion(await signedBy(...args)))
  await ask('client assertion that is not a JWT', withAssertion('abc'))
}

async function bearers(ask: Ask): Promise<void> {
  const good = await signedBy('signer')
  await ask('assertion', bearing(good))
  await ask('assertion, again', bearing(good))
  await ask('assertion about a person', bearing(await signedBy('signer', { sub: 'u-ann' }), { scope: 'read', audience: api }))
  await ask('assertion about a service', bearing(await signedBy('signer', { sub: 'robot' })))
  await ask('assertion about nobody', bearing(await signedBy('signer', { sub: 'nobody' })))
  await ask('assertion about somebody inactive', bearing(await signedBy('signer', { sub: 'inactive' })))
  await ask('assertion of a client with rules', {
    form: {
      ...(bearing(await signedBy('https://strict.example', { sub: 'u-ann', aud: 'urn:strict', exp: startsAt + 60 }, { key: es256Other }))
        .form as object),
      client_assertion_type: assertionType,
      client_assertion: await signedBy('strict', {}, { key: es256Other, typ }),
    },
  })
  await ask('assertion that may be used again', bearing(await signedBy('lenient', { jti: 'again', sub: 'u-ann' }, { key: es384 })))
  await ask('assertion that was used again', bearing(await signedBy('lenient', { jti: 'again', sub: 'u-ann' }, { key: es384 })))
  await ask('assertion of a trusted issuer', { headers: basicOf('app'), ...bearing(await personToken()) })
  await ask('assertion of a trusted issuer without a client', bearing(await personToken()))
  await ask('assertion of a trusted issuer for somebody else', {
    headers: basicOf('app'),
    ...bearing(await personToken({ aud: otherApi })),
  })
  await ask('no assertion', { headers: basicOf('app'), form: { grant_type: grantType.bearer } })
  await ask('assertion for somebody else', bearing(await signedBy('signer', { aud: api })))
  await ask('assertion that has expired', bearing(await signedBy('signer', { iat: startsAt - 600, exp: startsAt - 300 })))
  await ask('assertion that is bound to a key', bearing(await signedBy('signer', { cnf: { jkt: 'x' } })))
  await ask(
    'assertion from before the store began to remember',
    bearing(await signedBy('signer', { iat: startsAt - 120, exp: startsAt + 100 })),
  )
  const payload = { iss: 'signer', sub: 'signer', aud: issuer, exp: startsAt + 100 }
  const symmetric = forgeToken({ header: { alg: 'HS256', typ: 'JWT' }, payload }, hmacSigner('x'.repeat(32)))
  await ask('assertion that is signed with a secret', bearing(symmetric))
  await ask('assertion with a wrong scope', bearing(await signedBy('signer'), { scope: 'admin' }))
}

async function exchanges(ask: Ask): Promise<void> {
  const signed = (claims = {}) => signedBy('signer', { sub: 'u-ann', ...claims })
  const bySigner = async (token: string, form: Readonly<Record<string, string>> = {}): Promise<Asked> => ({
    form: {
      grant_type: grantType.exchange,
      subject_token: token,
      subject_token_type: tokenType.jwt,
      client_assertion_type: assertionType,
      client_assertion: await signedBy('signer', {}, { typ }),
      ...form,
    },
  })
  const good = await signed()
  await ask('exchange', await bySigner(good))
  await ask('exchange, again', await bySigner(good))
  await ask(
    'exchange for one scope',
    await bySigner(await signed(), { scope: 'read', audience: api, requested_token_type: tokenType.access }),
  )
  await ask('exchange about nobody', await bySigner(await signed({ sub: 'nobody' })))
  await ask('exchange of another client’s', exchanging(await signed()))
  const token = await personToken()
  await ask('exchange of a trusted token', exchanging(token, { subject_token_type: tokenType.access }))
  await ask(
    'exchange of a trusted token for a scope that it has not',
    exchanging(token, { subject_token_type: tokenType.access, scope: 'write' }),
  )
  await ask(
    'exchange of a token with an actor',
    exchanging(await personToken({ act: { sub: 'x' } }), { subject_token_type: tokenType.access }),
  )
  await ask(
    'exchange of a token of an untrusted issuer',
    exchanging(await personToken({ iss: 'https://evil.example' }), { subject_token_type: tokenType.access }),
  )
  await ask(
    'exchange for another type',
    exchanging(token, { subject_token_type: tokenType.access, requested_token_type: tokenType.refresh }),
  )
  await ask('exchange of another type', exchanging(token, { subject_token_type: tokenType.refresh }))
  await ask('exchange with an actor', exchanging(token, { actor_token: token, actor_token_type: tokenType.access }))
  await ask('exchange without a subject token', { headers: basicOf('app'), form: { grant_type: grantType.exchange } })
  const own = await ask('a token of our own', { headers: basicOf('app'), form: { grant_type: clientCredentials } })
  const again = await ask(
    'exchange of a token of our own',
    exchanging(String(own.body.access_token), { subject_token_type: tokenType.access }, 'fixed'),
  )
  await ask('exchange of a token that was exchanged', exchanging(String(again.body.access_token), { subject_token_type: tokenType.access }))
}

export const assertions: Scenario = {
  name: 'assertions',
  async run({ registry, view }, ask) {
    await clientAssertions(ask)
    await bearers(ask)
    await exchanges(ask)
    await registry.clientKeys.schedule('strict', 'k1', { notBefore: startsAt + 100 })
    await ask('client assertion with a key that is not valid yet', withAssertion(await signedBy('strict', {}, { key: es256Other, typ })))
    await registry.clientKeys.schedule('strict', 'k1', { expiresAt: startsAt - 100 })
    await ask('client assertion with a key that has expired', withAssertion(await signedBy('strict', {}, { key: es256Other, typ })))
    await view.revoke({ type: 'jti', issuer: peopleIssuer, jti: 'ended', expiresAt: startsAt + 300 })
    await ask('exchange of a revoked token', exchanging(await personToken({ jti: 'ended' }), { subject_token_type: tokenType.access }))
    await registry.clientKeys.retire('lenient', 'k1')
    await ask('assertion with a retired key', bearing(await signedBy('lenient', {}, { key: es384 })))
    await registry.clientKeys.revoke('signer', 'k1')
    await ask('assertion with a revoked key', bearing(await signedBy('signer')))
    await ask('client assertion with a revoked key', withAssertion(await signedBy('signer', {}, { typ })))
  },
}
