import { onEvent } from '@countersign/core'
import type { RunningApp } from './apps.js'
import type { Remark, Scene } from './scenes.js'

/** What an app answered, and what its guard told the diagnostics channels meanwhile. */
export interface Answer {
  readonly status: number
  /** What the answer's headers say, in short. */
  readonly said: string
  /** The reason of the refusal, or `accepted as` and the issuer's name. */
  readonly reason: string
  readonly remarks: readonly Remark[]
}

/** `Bearer error="invalid_token", error_description="…", scope="a b"` in short: `Bearer invalid_token (a b)`. */
function inShort(headers: Headers): string {
  const retryAfter = headers.get('retry-after')
  if (retryAfter !== null) return `Retry-After: ${retryAfter}`
  const challenge = headers.get('www-authenticate')
  if (challenge === null) return ''
  const [, error] = /error="([^"]*)"/.exec(challenge) ?? []
  const [, scope] = /scope="([^"]*)"/.exec(challenge) ?? []
  return ['Bearer', error, scope && `(${scope})`].filter(Boolean).join(' ')
}

/** Sends one scene to one app. One at a time: the channels tell of the whole process. */
export async function send(app: RunningApp, { path }: Scene, token: string | undefined): Promise<Answer> {
  const heard = { reason: 'nothing', remarks: [] as Remark[] }
  const listeners = [
    onEvent('countersign:key-source', ({ outcome }) => void heard.remarks.push(outcome === 'failed' ? 'fetch failed' : 'keys fetched')),
    onEvent('countersign:accepted', ({ via, cached }) => {
      heard.reason = `accepted as ${via}`
      if (cached) heard.remarks.push('from the cache')
    }),
    onEvent('countersign:refused', ({ reason }) => {
      heard.reason = reason
    }),
  ]
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const answer = await fetch(app.url + path, { headers })
  await answer.arrayBuffer()
  for (const end of listeners) end()
  return { status: answer.status, said: inShort(answer.headers), ...heard }
}
