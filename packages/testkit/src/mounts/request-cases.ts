import { deepEqual, equal } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MountAdapter, MountCase } from './mount-adapter.js'
import { mountCase } from './mount-run.js'
import { createScriptedGuard } from './scripted-guard.js'

/** What a mount tells the guard of a request, and that requests do not meet. */
export function requestCases(adapter: MountAdapter): readonly MountCase[] {
  const make = mountCase(adapter)
  const watching = createScriptedGuard()
  const uneven = createScriptedGuard(({ url }) => sleep(Number(url?.length) % 7))
  const gate = createGate()
  const waiting = createScriptedGuard(({ url }) => (url === '/slow' ? gate.arrive() : undefined))
  return [
    make(
      'the guard is told method, URL with query as sent, headers, raw headers and peer address',
      (app) => app.protect('/me/:id', watching, [], () => ({})),
      async ({ send }) => {
        const headers = [
          ['Authorization', 'Bearer alice'],
          ['X-Twice', '1'],
          ['x-twice', '2'],
        ] as const
        await send({ path: '/me/a%20b?x=%31&y', headers })
        const seen = watching.asked.at(-1)
        equal(seen?.method, 'GET')
        equal(seen?.url, '/me/a%20b?x=%31&y')
        equal(seen?.headers.authorization, 'Bearer alice')
        equal(typeof seen?.ip, 'string')
        deepEqual(
          seen?.rawHeaders?.filter((_, index, all) => all[index - (index % 2)]?.toLowerCase() === 'x-twice'),
          ['X-Twice', '1', 'x-twice', '2'],
        )
      },
    ),
    make(
      'requests in flight together keep to their own auth',
      (app) =>
        app.protect('/:id', uneven, [], async ({ authOf, params }) => {
          await sleep(Number(params.id) % 5)
          return { id: params.id, subject: authOf(uneven).subject }
        }),
      async ({ get }) => {
        const ids = Array.from({ length: 60 }, (_, index) => String(index))
        const replies = await Promise.all(ids.map((id) => get(`/${id}?${'x'.repeat(Number(id))}`, `user-${id}`)))
        deepEqual(
          replies.map(({ body }) => JSON.parse(body)),
          ids.map((id) => ({ id, subject: `user-${id}` })),
        )
      },
    ),
    make(
      'a client that goes away while the guard thinks harms nobody',
      (app) => app.protect('/:id', waiting, [], ({ authOf }) => ({ subject: authOf(waiting).subject })),
      async ({ url, get, heard }) => {
        for (const token of ['alice', 'bad']) {
          const leaving = new AbortController()
          const headers = { authorization: `Bearer ${token}` }
          const gone = fetch(`${url}/slow`, { headers, signal: leaving.signal }).catch(() => 'gone')
          await gate.arrived()
          leaving.abort()
          equal(await gone, 'gone')
          await sleep(20)
          gate.open()
        }
        equal((await get('/next', 'alice')).status, 200)
        deepEqual(heard, [])
      },
    ),
  ]
}

/** One party waits until the other has arrived, and lets it go on later. */
function createGate(): { arrive(): Promise<void>; arrived(): Promise<void>; open(): void } {
  let comers: (() => void)[] = []
  let watchers: (() => void)[] = []
  return {
    arrive: () =>
      new Promise((resolve) => {
        comers.push(resolve)
        for (const watcher of watchers) watcher()
        watchers = []
      }),
    arrived: () => (comers.length > 0 ? Promise.resolve() : new Promise((resolve) => watchers.push(resolve))),
    open() {
      for (const comer of comers) comer()
      comers = []
    },
  }
}
