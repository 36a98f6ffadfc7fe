import { assertionType, basicOf, grantType, secretOf } from '../constants.js'
import { personToken, signedBy } from '../scenario.js'
import { accountsOf } from '../scenarios/accounts.js'
import { noncesOf } from '../scenarios/nonces.js'
import type { World } from '../world.js'
import { app, type Held, post, postJson, refreshOf } from './flow.js'
import { guardActor, managed } from './manager.js'

/** What was answered, in short. */
export type Outcomes = Readonly<Record<string, unknown>>

const said = ({ status, body }: Awaited<ReturnType<typeof post>>): string =>
  [status, body.error ?? body.reason ?? body.scope ?? body.active].join(' ').trim()
const headerOf = (token: unknown): { readonly kid?: string } =>
  JSON.parse(Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString()) as { readonly kid?: string }

// Every member is named here: what a name in the code becomes must not change what is compared.
function shownClient(client: Awaited<ReturnType<World['clients']['list']>>[number]): readonly unknown[] {
  const { id, title, owner, isLocked, credentialGeneration, authMethods, basicEncoding, isFirstParty, grants, scopes, defaultScopes } =
    client
  const { audiences, accessTokenLifetimeSeconds, refresh, assertion, secrets } = client
  const {
    issuer,
    audiences: assertionAudiences,
    maxLifetimeSeconds,
    jti,
    subjects,
    clockToleranceSeconds,
    mayOutlive,
    authenticationAudience,
  } = assertion ?? {}
  const rules = [issuer, assertionAudiences, maxLifetimeSeconds, jti, subjects, clockToleranceSeconds, mayOutlive, authenticationAudience]
  const times =
    refresh.policy === 'rotating' ? [refresh.retryWindowSeconds, refresh.idleLifetimeSeconds, refresh.absoluteLifetimeSeconds] : []
  const fixed = refresh.policy === 'fixed' ? [refresh.lifetimeSeconds, refresh.unrotatedPublicClient] : []
  const forItself = refresh.policy === 'none' ? undefined : refresh.withClientCredentials
  return [
    id,
    title,
    owner,
    isLocked,
    credentialGeneration,
    authMethods,
    basicEncoding,
    isFirstParty,
    grants,
    scopes,
    defaultScopes,
    audiences,
    accessTokenLifetimeSeconds,
    [refresh.policy, forItself, ...times, ...fixed],
    rules,
    secrets.map((secret) => [secret.id, secret.title, secret.createdAt, secret.notBefore, secret.expiresAt, secret.lastUsedAt]),
  ]
}

type Accounts = ReturnType<typeof accountsOf>['integrations']
type Listed<T> = T extends Promise<infer Done> ? Extract<Done, { ok: true }> : never

function shownIntegration(one: Listed<ReturnType<Accounts['list']>>['integrations'][number]): readonly unknown[] {
  const { clientId, entity, title, type, createdBy, createdAt, isBeingDeleted, isLocked, credentials } = one
  const secrets = credentials.map((secret) => [secret.id, secret.title, secret.createdAt, secret.lastUsedAt])
  return [clientId, entity, title, type, Object.values(createdBy), createdAt, isBeingDeleted, isLocked, secrets]
}

function shownEnrollment(one: Listed<ReturnType<Accounts['enrollments']>>['enrollments'][number]): readonly unknown[] {
  const { id, clientId, entity, entityName, createdBy, createdAt, integrationTitle, integrationType } = one
  return [id, clientId, entity, entityName, Object.values(createdBy), createdAt, integrationTitle, integrationType]
}

async function tokens({ token, introspection }: World, held: Held): Promise<Outcomes> {
  const refreshed = async (name: string, headers = app): Promise<string> => {
    const answer = await post(token, refreshOf(held[name] ?? ''), headers)
    const { refresh_token: next } = answer.body
    const generation = typeof next === 'string' ? next.split('.')[3] : undefined
    return `${said(answer)}${generation === undefined ? '' : ` generation ${generation}`}`
  }
  const assertion = {
    client_assertion_type: assertionType,
    client_assertion: await signedBy('signer', {}, { typ: 'client-authentication+jwt' }),
  }
  return {
    'the answer to a rotation that was lost': await refreshed('first'),
    'the next rotation': await refreshed('second'),
    'a token that was used twice': await refreshed('reused'),
    'a family that was ended': await refreshed('undone'),
    'a family that began with a code': await refreshed('ofCode'),
    'a family that began with an exchange': await refreshed('ofExchange'),
    'a family of a policy that rotates nothing': await refreshed('fixed', basicOf('fixed')),
    'a family that began with an assertion': said(await post(token, { ...refreshOf(held.ofKey ?? ''), ...assertion })),
    'a family that began with a client assertion': said(
      await post(token, {
        ...refreshOf(held.ofClientKey ?? ''),
        ...assertion,
        client_assertion: await signedBy('signer', {}, { typ: 'client-authentication+jwt' }),
      }),
    ),
    'an access token': said(await post(introspection, { token: held.access ?? '' }, basicOf('gateway'))),
    'an access token that was ended': said(await post(introspection, { token: held.ended ?? '' }, basicOf('gateway'))),
    'an assertion that was used': said(await post(token, { grant_type: grantType.bearer, assertion: held.signed ?? '' })),
    'a client assertion that was used': said(
      await post(token, { grant_type: 'client_credentials', ...assertion, client_assertion: held.client_assertion ?? '' }),
    ),
  }
}

async function clients({ token, clients, registry, view }: World, held: Held): Promise<Outcomes> {
  const credentials = { grant_type: 'client_credentials' }
  const issued = await post(token, credentials, app)
  const [own] = (await registry.signing.list()).filter(({ state }) => state === 'active')
  const exchange = { grant_type: grantType.exchange, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
  return {
    'a client with its secret': said(issued),
    'is signed by the key that was there': String(
      headerOf(issued.body.access_token).kid === headerOf(held.access).kid && own?.kid === headerOf(held.access).kid,
    ),
    'keys of ours': (await registry.signing.list()).map(({ state }) => state).join(' '),
    'keys of a client': (await registry.clientKeys.list('app')).map(({ kid, state }) => `${kid} ${state}`).join(' '),
    'another secret': said(await post(token, credentials, basicOf('app', held.secondSecret))),
    'a locked client': said(await post(token, credentials, basicOf('locked'))),
    'a client that was changed': said(
      await post(token, { grant_type: 'password', username: 'ann', password: 'right' }, basicOf('limited')),
    ),
    'a client with a life of its own': said(await post(token, credentials, basicOf('narrow'))),
    'a client with rules': said(
      await post(
        token,
        {
          grant_type: grantType.exchange,
          subject_token: await personToken({ sub: 'u-ann' }),
          subject_token_type: exchange.subject_token_type,
        },
        basicOf('fixed'),
      ),
    ),
    'a subject that was ended': said(await post(token, { ...exchange, subject_token: await personToken({ sub: 'u-gone' }) }, app)),
    'the end of a subject': String(await view.subjectNotBefore({ issuer: 'https://people.example', subject: 'u-gone' })),
    'the clients of the list': (await clients.list()).map(shownClient),
  }
}

async function codesAndNonces(world: World, held: Held): Promise<Outcomes> {
  const { token } = world
  const answer = (mfa_token = '') => post(token, { grant_type: grantType.mfa, mfa_token, code: held.code ?? '' }, app)
  const { issue, spend } = noncesOf(world)
  const submission = { client_id: 'app', client_secret: secretOf('app') }
  return {
    'a challenge that was answered': said(await answer(held.used)),
    'a challenge that is open': said(await answer(held.open)),
    'a challenge that was open': said(await answer(held.open)),
    'a nonce that was spent': said(await postJson(spend, { token: held.spent })),
    'a nonce that was spent for something else': said(await postJson(spend, { token: held.spent, purpose: 'sms' })),
    'a nonce of another client': said(await postJson(spend, { token: held.unspent, client_id: 'fixed' })),
    'a nonce': said(await postJson(spend, { token: held.unspent })),
    'the third nonce of a client': said(await postJson(issue, submission)),
    'the fourth': said(await postJson(issue, submission)),
    'the fifth, which is one too many': said(await postJson(issue, submission)),
  }
}

async function accounts(world: World, held: Held): Promise<Outcomes> {
  const { integrations } = accountsOf(world)
  const actor = await guardActor(world)
  const list = managed(await integrations.list(actor, 'VN1'))
  const ofEntity = managed(await integrations.enrollments(actor, { entity: 'FD1' }))
  const ofIntegration = managed(await integrations.enrollments(actor, { clientId: held.integration }))
  const credentials = { grant_type: 'client_credentials' }
  return {
    integrations: list.integrations.map(shownIntegration),
    'enrollments of an entity': ofEntity.enrollments.map(shownEnrollment),
    'their types': ofEntity.types,
    'enrollments of an integration': ofIntegration.enrollments.map(shownEnrollment),
    'an integration with its secret': said(await post(world.token, credentials, basicOf(held.integration ?? '', held.integrationSecret))),
    'an integration with its other secret': said(await post(world.token, credentials, basicOf(held.integration ?? '', held.spareSecret))),
    'is withdrawn': (await integrations.unenroll(actor, { entity: 'FD1', clientId: held.integration ?? '' })).ok,
    'is removed': (await integrations.remove(actor, held.integration ?? '')).ok,
  }
}

/** Uses everything that was left in the stores. */
export async function goOn(world: World, held: Held): Promise<Outcomes> {
  await world.registry.ready()
  return {
    ...(await tokens(world, held)),
    ...(await clients(world, held)),
    ...(await codesAndNonces(world, held)),
    ...(await accounts(world, held)),
  }
}
