import { createHmac } from 'node:crypto'
import { api, basicOf, refreshSecrets } from '../constants.js'
import type { Ask, Asked } from '../recorder.js'
import { type Scenario, textOf } from '../scenario.js'
import type { World } from '../world.js'

const refreshing = (client: string, refresh_token: string, form: Readonly<Record<string, string>> = {}): Asked => {
  const isPublic = client === 'public'
  const id: Readonly<Record<string, string>> = isPublic ? { client_id: client } : {}
  return { headers: isPublic ? {} : basicOf(client), form: { grant_type: 'refresh_token', refresh_token, ...id, ...form } }
}
const begin = async (ask: Ask, client: string, username = 'ann'): Promise<string> => {
  const isPublic = client === 'public'
  const id: Readonly<Record<string, string>> = isPublic ? { client_id: client } : {}
  const form = { grant_type: 'password', username, password: 'right', ...id }
  return textOf(await ask(`${client} signs in`, { headers: isPublic ? {} : basicOf(client), form }), 'refresh_token')
}
const next = async (ask: Ask, name: string, asked: Asked): Promise<string> => textOf(await ask(name, asked), 'refresh_token')

/** A genuine token of another place in its family. */
function atGeneration(token: string, generation: number): string {
  const signed = `${token.split('.').slice(0, 3).join('.')}.${generation}`
  const mac = createHmac('sha256', refreshSecrets.current.secret).update(`countersign refresh token\0${signed}`)
  return `${signed}.${mac.digest('base64url')}`
}

async function rotations(ask: Ask): Promise<void> {
  const first = await begin(ask, 'app')
  const second = await next(ask, 'a rotation', refreshing('app', first))
  await ask('the answer that was lost', refreshing('app', first))
  const third = await next(ask, 'the next rotation, for less', refreshing('app', second, { scope: 'read', audience: api }))
  await ask('more than was granted', refreshing('app', third, { scope: 'admin' }))
  await ask('an audience that was not granted', refreshing('app', third, { resource: 'https://x.example' }))
  await ask('another client', refreshing('fixed', third))
  await ask('a client that gets none', refreshing('narrow', third))
  await ask('a token used twice', refreshing('app', first))
  await ask('the family has ended', refreshing('app', third))
  await ask('no token', { headers: basicOf('app'), form: { grant_type: 'refresh_token' } })
  await ask('not a token of ours', refreshing('app', 'abc'))
  await ask('a wrong MAC', refreshing('app', `${first.slice(0, -2)}AA`))
  await ask('a family that never was', refreshing('app', atGeneration(`r1.r1.${'A'.repeat(22)}.0.x`, 0)))
}

async function kinds(ask: Ask, { clock }: World): Promise<void> {
  const open = await begin(ask, 'public')
  await next(ask, 'a public client rotates', refreshing('public', open))
  await ask('a public client has no second try', refreshing('public', open))
  const other = await begin(ask, 'public')
  await ask('a public client whose store lost writes', refreshing('public', atGeneration(other, 3)))
  const healed = await begin(ask, 'app')
  await ask('a client whose store lost writes', refreshing('app', atGeneration(healed, 3)))
  const fixed = await begin(ask, 'fixed')
  await ask('a token that stays the same', refreshing('fixed', fixed))
  await ask('a token that stays the same, again', refreshing('fixed', fixed, { scope: 'read' }))
  clock.advance(3600)
  await ask('a token that stayed the same, after its end', refreshing('fixed', fixed))
  const limited = await begin(ask, 'limited')
  clock.advance(590)
  const later = await next(ask, 'before it was idle for too long', refreshing('limited', limited))
  clock.advance(405)
  const last = await next(ask, 'before the end of the family', refreshing('limited', later))
  clock.advance(5)
  await ask('after the end of the family', refreshing('limited', last))
  const idle = await begin(ask, 'limited')
  clock.advance(600)
  await ask('idle for too long', refreshing('limited', idle))
}

async function endings(ask: Ask, { clients, clock, view }: World): Promise<void> {
  const held = await begin(ask, 'app')
  await clients.update('app', { scopes: ['read'], defaultScopes: undefined })
  const less = await next(ask, 'the client has fewer scopes', refreshing('app', held))
  await clients.lock('app')
  await ask('the client is locked', refreshing('app', less))
  await clients.unlock('app')
  await ask('the client was locked', refreshing('app', less))
  const added = await clients.addSecret('app', { title: 'second' })
  const headers = basicOf('app', added?.secret ?? '')
  const bound = textOf(
    await ask('with another secret', { headers, form: { grant_type: 'password', username: 'ann', password: 'right' } }),
    'refresh_token',
  )
  await clients.revokeSecret('app', added?.id ?? '')
  await ask('the secret was revoked', refreshing('app', bound))
  const whose = await begin(ask, 'app')
  clock.advance(2)
  await view.revoke({ type: 'subject', issuer: 'https://auth.example', subject: 'u-ann', notBefore: clock.now() / 1000 })
  await ask('the subject was revoked', refreshing('app', whose))
}

export const refresh: Scenario = {
  name: 'refresh',
  async run(world, ask) {
    await rotations(ask)
    await kinds(ask, world)
    await endings(ask, world)
  },
}
