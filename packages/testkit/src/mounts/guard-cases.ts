import { deepEqual, equal, ok } from 'node:assert/strict'
import { type Auth, optional, type Refusal, type Requirement, refuse, requireScopes } from '@countersign/core'
import type { ReceivedReply } from './http-sender.js'
import type { MountAdapter, MountCase, MountRespond } from './mount-adapter.js'
import { mountCase } from './mount-run.js'
import { createScriptedGuard, scriptedReply } from './scripted-guard.js'

interface WithParams {
  readonly params: Readonly<Record<string, string>>
}

/** A requirement that is given the host's own request. */
function ofHost(judge: (auth: Auth, request: WithParams) => Refusal | undefined): Requirement {
  return (auth, request) => judge(auth, request as WithParams)
}

/** The refusal arrives as the guard wrote it: status, every header field, body. */
function assertRefused(reply: ReceivedReply, refusal: Refusal): void {
  const expected = scriptedReply(refusal)
  equal(reply.status, expected.status)
  equal(reply.body, expected.body)
  for (const [name, value] of Object.entries(expected.headers)) equal(reply.headers[name], value, name)
  for (const name of ['www-authenticate', 'retry-after']) equal(reply.headers[name], expected.headers[name], name)
}

function assertHostError(reply: ReceivedReply): void {
  equal(reply.status, 500)
  deepEqual(JSON.parse(reply.body), { error: 'host' })
}

/** What a mount's `protect`, `authOf` and `optionalAuthOf` must do. */
export function guardCases(adapter: MountAdapter): readonly MountCase[] {
  const make = mountCase(adapter)
  const guard = createScriptedGuard()
  const other = createScriptedGuard()
  const subject: MountRespond = ({ authOf }) => ({ subject: authOf(guard).subject })
  const only = ofHost((auth, { params }) => (params.id === auth.subject ? undefined : refuse('forbidden')))
  const slow: Requirement = async (auth) => {
    await new Promise((resolve) => setTimeout(resolve, 10))
    return auth.subject === 'alice' ? undefined : refuse('forbidden')
  }

  return [
    make(
      'a request that the guard admits reaches the route, which sees its auth',
      (app) => app.protect('/me', guard, [], subject),
      async ({ get }) => {
        const reply = await get('/me', 'alice')
        equal(reply.status, 200)
        deepEqual(JSON.parse(reply.body), { subject: 'alice' })
      },
    ),
    make(
      'a refusal arrives exactly as the guard wrote it and the route does not run: 401, 401, 403, 503',
      (app) =>
        app.protect('/me', guard, [requireScopes('a', 'b')], () => {
          throw new Error('the route ran')
        }),
      async ({ get, heard }) => {
        assertRefused(await get('/me'), refuse('no_credentials'))
        assertRefused(await get('/me', 'bad'), refuse('signature'))
        assertRefused(await get('/me', 'alice/a'), refuse('insufficient_scope', { scopes: ['a', 'b'] }))
        assertRefused(await get('/me', 'outage'), refuse('key_source_unavailable', { retryAfterSeconds: 7 }))
        deepEqual(heard, [])
      },
    ),
    make(
      'the guard sees that Authorization was sent twice: 400',
      (app) => app.protect('/me', guard, [], subject),
      async ({ send }) => {
        const headers = [
          ['Authorization', 'Bearer alice'],
          ['authorization', 'Bearer bob'],
        ] as const
        assertRefused(await send({ path: '/me', headers }), refuse('malformed_request'))
      },
    ),
    make(
      'an optional route admits no credentials, has no auth then, and refuses bad ones',
      (app) => {
        app.protect('/me', guard, [optional()], ({ optionalAuthOf }) => ({ subject: optionalAuthOf(guard)?.subject ?? null }))
        app.protect('/strict', guard, [optional()], subject)
      },
      async ({ get, heard }) => {
        deepEqual(JSON.parse((await get('/me')).body), { subject: null })
        deepEqual(JSON.parse((await get('/me', 'alice')).body), { subject: 'alice' })
        assertRefused(await get('/me', 'bad'), refuse('signature'))
        assertHostError(await get('/strict'))
        equal(heard.length, 1)
      },
    ),
    make(
      'authOf throws on a route without a guard, and for a guard that was not asked',
      (app) => {
        app.open('/open', subject)
        app.open('/open-optional', ({ optionalAuthOf }) => ({ auth: optionalAuthOf(guard) }))
        app.protect('/other', other, [], subject)
      },
      async ({ get, heard }) => {
        for (const path of ['/open', '/open-optional', '/other']) assertHostError(await get(path, 'alice'))
        equal(heard.length, 3)
        ok(heard.every((error) => error instanceof Error))
      },
    ),
    make(
      'an error of the route, sync or async, reaches the host once and the app lives',
      (app) => {
        app.protect('/sync', guard, [], () => {
          throw new Error('sync')
        })
        app.protect('/async', guard, [], () => Promise.reject(new Error('async')))
        app.protect('/me', guard, [], subject)
      },
      async ({ get, heard }) => {
        assertHostError(await get('/sync', 'alice'))
        assertHostError(await get('/async', 'alice'))
        equal((await get('/me', 'alice')).status, 200)
        deepEqual(
          heard.map((error) => (error as Error).message),
          ['sync', 'async'],
        )
      },
    ),
    make(
      'an unexpected throw in a guard or requirement is a 500 once, never a pass, and the app lives',
      (app) => {
        const broken: Requirement = () => {
          throw new Error('of the requirement')
        }
        // The route itself asks for nothing, so that it would answer if it ran.
        app.protect('/requirement', guard, [broken], () => ({ ran: true }))
        app.protect('/me', guard, [], () => ({ ran: true }))
      },
      async ({ get, heard }) => {
        assertHostError(await get('/requirement', 'alice'))
        assertHostError(await get('/me', 'broken'))
        equal((await get('/me', 'alice')).status, 200)
        equal(heard.length, 2)
      },
    ),
    make(
      'an asynchronous requirement is awaited',
      (app) => app.protect('/me', guard, [slow], subject),
      async ({ get }) => {
        equal((await get('/me', 'alice')).status, 200)
        assertRefused(await get('/me', 'bob'), refuse('forbidden'))
      },
    ),
    make(
      "a requirement sees the parameters of the host's own request",
      (app) => app.protect('/users/:id', guard, [only], subject),
      async ({ get }) => {
        equal((await get('/users/alice', 'alice')).status, 200)
        assertRefused(await get('/users/bob', 'alice'), refuse('forbidden'))
      },
    ),
    make(
      'HEAD is guarded like GET and has its headers, OPTIONS never runs the route',
      (app) => app.protect('/me', guard, [], subject),
      async ({ send }) => {
        const refusal = await send({ method: 'HEAD', path: '/me', headers: [] })
        equal(refusal.status, 401)
        equal(refusal.headers['www-authenticate'], scriptedReply(refuse('no_credentials')).headers['www-authenticate'])
        equal(refusal.body, '')
        equal((await send({ method: 'HEAD', path: '/me', headers: [['authorization', 'Bearer alice']] })).status, 200)
        const options = await send({ method: 'OPTIONS', path: '/me', headers: [] })
        ok(options.status < 500 && !options.body.includes('subject'))
      },
    ),
  ]
}
