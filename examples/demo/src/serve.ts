import type { RunningApp } from './apps.js'
import { style } from './table.js'
import { poolKeys, type World } from './world.js'

/** What a line is about, and what follows `curl -i`. */
export type Try = readonly [about: string, rest: string]

/** Lines to paste into a shell while an app stays up. */
export function curlLines(name: string, url: string, tries: readonly Try[]): string {
  const lines = tries.map(([about, rest]) => `${style.dim(`# ${about}`)}\ncurl -i ${rest}`)
  return [`\n${style.bold(`${name} at ${url}`)}`, ...lines].join('\n')
}

/** Tries for the two apps with one API; the tokens live for an hour. */
export async function guardTries({ pool, own }: World, { url }: RunningApp): Promise<readonly Try[]> {
  const lifetimeSeconds = 3600
  const person = await pool.accessToken({ key: poolKeys[1], lifetimeSeconds })
  const job = await own.token({ claims: { sub: 'job-1', client_id: 'batch', scope: 'jobs:read' }, lifetimeSeconds })
  const forged = `${job.slice(0, -20)}${job.at(-20) === 'A' ? 'B' : 'A'}${job.slice(-19)}`
  const withToken = (path: string, token: string): string => `${url}${path} -H 'authorization: Bearer ${token}'`
  return [
    ['a token of the user pool', withToken('/me', person)],
    ['a token of our own', withToken('/jobs', job)],
    ['the same on a route for the user pool: 403', withToken('/patients', job)],
    ['one character of its signature changed: 401', withToken('/jobs', forged)],
    ['no credentials: 401', `${url}/me`],
  ]
}
