import type { Admission, Auth, Endpoint, Guard, Reply } from '@countersign/core'
import { type MountAdapter, type MountApp, mountContract } from '@countersign/testkit'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { expressAdapter } from '../contracts/express-adapter.js'

const sound = expressAdapter('sound', express)

/** A mount with one defect, put between the sound one and the suite. */
function broken(change: (app: MountApp) => Partial<MountApp>): MountAdapter {
  return { name: 'broken', start: (define) => sound.start((app) => define({ ...app, ...change(app) })) }
}

function withCheck(guard: Guard, check: Guard['check']): Guard {
  return { ...guard, check }
}

/** A mount that changes what the guard answers. */
function answering(change: (admission: Admission<Auth>) => Admission<Auth>): MountAdapter {
  return broken((app) => ({
    protect: (path, guard, requirements, respond) =>
      app.protect(
        path,
        withCheck(guard, async (request, ...more) => change(await guard.check(request, ...more))),
        requirements,
        respond,
      ),
  }))
}

function replying(change: (reply: Reply) => Reply): MountAdapter {
  return answering((admission) => (admission.ok ? admission : { ...admission, reply: change(admission.reply) }))
}

function withEndpoint(change: (endpoint: Endpoint) => Endpoint): MountAdapter {
  return broken((app) => ({ handle: (method, path, endpoint, options) => app.handle(method, path, change(endpoint), options) }))
}

function without(headers: Reply['headers'], name: string): Reply['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name))
}

const defects: Readonly<Record<string, readonly [mount: MountAdapter, caught: string]>> = {
  'admits what is refused': [answering(() => ({ ok: true, auth: undefined, anonymous: true })), 'a refusal arrives exactly'],
  'leaves WWW-Authenticate out': [replying((reply) => ({ ...reply, headers: without(reply.headers, 'www-authenticate') })), 'a refusal'],
  'leaves Retry-After out': [replying((reply) => ({ ...reply, headers: without(reply.headers, 'retry-after') })), 'a refusal arrives'],
  'makes every refusal a 401': [replying((reply) => ({ ...reply, status: 401 })), 'a refusal arrives exactly'],
  'lets a refusal be stored': [replying((reply) => ({ ...reply, headers: without(reply.headers, 'cache-control') })), 'a refusal arrives'],
  'keeps raw headers to itself': [
    broken((app) => ({
      protect: (path, guard, requirements, respond) =>
        app.protect(
          path,
          withCheck(guard, (request, ...more) => guard.check({ ...request, rawHeaders: undefined }, ...more)),
          requirements,
          respond,
        ),
    })),
    'the guard sees that Authorization was sent twice',
  ],
  'forgets requirements': [
    broken((app) => ({ protect: (path, guard, _requirements, respond) => app.protect(path, guard, [], respond) })),
    'an asynchronous requirement is awaited',
  ],
  'does not wait for requirements': [
    broken((app) => ({
      protect: (path, guard, requirements, respond) =>
        app.protect(
          path,
          guard,
          requirements.map((requirement) =>
            Object.assign((...given: Parameters<typeof requirement>) => {
              const answer = requirement(...given)
              return answer instanceof Promise ? undefined : answer
            }, requirement),
          ),
          respond,
        ),
    })),
    'an asynchronous requirement is awaited',
  ],
  'gives requirements something else than the request of the host': [
    broken((app) => ({
      protect: (path, guard, requirements, respond) =>
        app.protect(
          path,
          guard,
          requirements.map((requirement) => Object.assign((auth: Auth) => requirement(auth, {}, { now: 0 }), requirement)),
          respond,
        ),
    })),
    "a requirement sees the parameters of the host's own request",
  ],
  'admits when a guard throws': [
    broken((app) => ({
      protect: (path, guard, requirements, respond) =>
        app.protect(
          path,
          withCheck(guard, (request, ...more) =>
            guard.check(request, ...more).catch(() => ({ ok: true, auth: undefined, anonymous: true }) as const),
          ),
          requirements,
          respond,
        ),
    })),
    'an unexpected throw in a guard or requirement is a 500',
  ],
  'has the auth of the last request': [
    broken((app) => {
      const seen: { last?: Auth } = {}
      return {
        protect: (path, guard, requirements, respond) =>
          app.protect(
            path,
            withCheck(guard, async (request, ...more) => {
              const admission = await guard.check(request, ...more)
              if (admission.ok && admission.auth) seen.last = admission.auth
              return admission
            }),
            requirements,
            (request) => respond({ ...request, authOf: (asked) => seen.last ?? request.authOf(asked) }),
          ),
      }
    }),
    'requests in flight together keep to their own auth',
  ],
  'makes an outage of an endpoint the error of the host': [
    withEndpoint((endpoint) => async (request) => {
      try {
        return await endpoint(request)
      } catch {
        throw new Error('all alike')
      }
    }),
    'an outage that an endpoint throws is 503',
  ],
  'sends one value of a header': [
    withEndpoint((endpoint) => async (request) => {
      const reply = await endpoint(request)
      return {
        ...reply,
        headers: Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name, [value].flat()[0] ?? ''])),
      }
    }),
    'a header with several values is sent several times',
  ],
  'gives the body as text': [
    withEndpoint((endpoint) => (request) => endpoint({ ...request, body: '', stream: undefined })),
    'an unread body is a stream',
  ],
  'has no route table': [broken(() => ({ routes: () => {} })), 'a route table answers at its methods and paths'],
  'reports errors twice': [
    broken((app) => ({
      onError: (listener) =>
        app.onError((error) => {
          listener(error)
          listener(error)
        }),
    })),
    'an error of the route, sync or async, reaches the host once',
  ],
}

describe('the mount contract', () => {
  it('names every case once', () => {
    const names = mountContract(sound).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(25)
  })

  it.each(Object.entries(defects))('fails a mount that %s', async (_defect, [mount, caught]) => {
    const cases = mountContract(mount).filter(({ name }) => name.startsWith(caught))
    expect(cases).toHaveLength(1)
    await expect(cases[0]?.run()).rejects.toThrow()
  })
})
