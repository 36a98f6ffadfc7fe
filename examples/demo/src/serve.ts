import type { RunningApp } from './apps.js'
import { style } from './table.js'
import { poolKeys, type World } from './world.js'

/** Lines to paste into a shell while the apps stay up; the tokens live for an hour. */
export async function curlLines({ pool, own }: World, apps: readonly RunningApp[]): Promise<string> {
  const ttlSeconds = 3600
  const person = await pool.accessToken({ key: poolKeys[1], ttlSeconds })
  const job = await own.token({ claims: { sub: 'job-1', client_id: 'batch', scope: 'jobs:read' }, ttlSeconds })
  const forged = `${job.slice(0, -20)}${job.at(-20) === 'A' ? 'B' : 'A'}${job.slice(-19)}`
  const tries = [
    ['a token of the user pool', '/me', person],
    ['a token of our own', '/jobs', job],
    ['the same on a route for the user pool: 403', '/patients', job],
    ['one character of its signature changed: 401', '/jobs', forged],
    ['no credentials: 401', '/me', undefined],
  ] as const
  const lines = apps.flatMap(({ name, url }) => [
    `\n${style.bold(`${name} at ${url}`)}`,
    ...tries.map(([what, path, token]) => {
      const header = token === undefined ? '' : ` -H 'authorization: Bearer ${token}'`
      return `${style.dim(`# ${what}`)}\ncurl -i ${url}${path}${header}`
    }),
  ])
  return `${lines.join('\n')}\n\nBoth apps stay up. End with Ctrl-C.`
}
