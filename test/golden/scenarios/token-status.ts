import { signToken } from '@countersign/testkit'
import { assertionType, basicOf, es256, issuer, ourKid, startsAt } from '../constants.js'
import type { Ask, Asked } from '../recorder.js'
import { personToken, type Scenario, signedBy, textOf } from '../scenario.js'

/** Of ours, but for an audience that this verifier does not know. */
const elsewhere = { iss: issuer, sub: 'u-ann', aud: 'https://x.example', client_id: 'app', iat: startsAt, exp: startsAt + 300, jti: 'j-2' }
const introspecting = (client: string, token: string): Asked => ({ path: '/introspect', headers: basicOf(client), form: { token } })
const revoking = (client: string, token: string): Asked => ({ path: '/revoke', headers: basicOf(client), form: { token } })

interface Pair {
  readonly access: string
  readonly refresh: string
}

async function signIn(ask: Ask, client = 'app'): Promise<Pair> {
  const answer = await ask(`a token for ${client}`, {
    headers: basicOf(client),
    form: { grant_type: 'password', username: 'ann', password: 'right' },
  })
  return { access: textOf(answer, 'access_token'), refresh: textOf(answer, 'refresh_token') }
}

async function introspections(ask: Ask, { access, refresh }: Pair): Promise<void> {
  await ask('introspect: the client of the token', introspecting('app', access))
  await ask('introspect: the resource', introspecting('resource', access))
  await ask('introspect: a gateway', introspecting('gateway', access))
  await ask('introspect: a client that has nothing to do with it', introspecting('foreign', access))
  await ask('introspect: a refresh token', introspecting('app', refresh))
  await ask('introspect: a refresh token of another client', introspecting('resource', refresh))
  await ask('introspect: what is not a token', introspecting('resource', 'abc'))
  await ask('introspect: a token of another issuer', introspecting('resource', await personToken()))
  await ask(
    'introspect: a token that was not issued',
    introspecting('resource', await signToken({ claims: { iss: issuer, exp: startsAt + 10 }, key: es256 })),
  )
  await ask('introspect: no token', { path: '/introspect', headers: basicOf('resource'), form: {} })
  await ask('introspect: no client', { path: '/introspect', form: { token: access } })
  await ask('introspect: a wrong secret', { path: '/introspect', headers: basicOf('resource', 'wrong'), form: { token: access } })
  await ask('introspect: a public client', { path: '/introspect', form: { token: access, client_id: 'public' } })
  await ask('introspect: JSON', { path: '/introspect', headers: basicOf('resource'), json: { token: access } })
  await ask('introspect: with a client assertion', {
    path: '/introspect',
    form: {
      token: access,
      client_assertion_type: assertionType,
      client_assertion: await signedBy('signer', {}, { typ: 'client-authentication+jwt' }),
    },
  })
}

async function revocations(ask: Ask, { access, refresh }: Pair): Promise<void> {
  await ask('revoke: another client', revoking('foreign', access))
  await ask('revoke: a refresh token of another client', revoking('foreign', refresh))
  await ask('revoke: what is not a token', revoking('app', 'abc'))
  await ask('revoke: a token of another issuer', revoking('app', await personToken()))
  await ask(
    'revoke: a token that may be good elsewhere',
    revoking('app', await signToken({ claims: { ...elsewhere }, key: es256, header: { typ: 'at+jwt', kid: ourKid } })),
  )
  await ask('revoke: no token', { path: '/revoke', headers: basicOf('app'), form: {} })
  await ask('revoke: no client', { path: '/revoke', form: { token: access } })
  await ask('revoke: an access token', revoking('app', access))
  await ask('revoke: an access token, again', revoking('app', access))
  await ask('introspect: after its revocation', introspecting('resource', access))
  await ask('revoke: a refresh token', revoking('app', refresh))
  await ask('revoke: a refresh token, again', revoking('app', refresh))
  await ask('introspect: a refresh token after its revocation', introspecting('app', refresh))
  await ask('refresh: after its revocation', { headers: basicOf('app'), form: { grant_type: 'refresh_token', refresh_token: refresh } })
}

export const tokenStatus: Scenario = {
  name: 'token-status',
  async run({ clock, clients, view }, ask) {
    const pair = await signIn(ask)
    await introspections(ask, pair)
    await revocations(ask, pair)
    const second = await signIn(ask)
    await view.revoke({ type: 'subject', issuer, subject: 'u-ann', notBefore: startsAt + 1 })
    await ask('introspect: the subject was revoked', introspecting('resource', second.access))
    await ask('introspect: a refresh token whose subject was revoked', introspecting('app', second.refresh))
    clock.advance(5)
    const third = await signIn(ask, 'fixed')
    await ask('introspect: a refresh token with an end', introspecting('fixed', third.refresh))
    await clients.lock('fixed')
    await ask('introspect: the client was locked', introspecting('gateway', third.access))
    clock.advance(1000)
    await ask('introspect: an expired token', introspecting('gateway', second.access))
    await ask('revoke: an expired token', revoking('app', second.access))
  },
}
