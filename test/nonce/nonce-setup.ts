import { createHmac } from 'node:crypto'
import { type Events, type NonceStore, onEvent, type Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createNonces, type NonceOptions, type Nonces } from '@countersign/nonce'
import { type FixedClock, fixedClock } from '@countersign/testkit'
import { onTestFinished } from 'vitest'

export const issuer = 'https://api.test'
/** Where the clock starts, in epoch seconds. */
export const startsAt = 1_800_000_000

export type Purpose = 'login' | 'sms'
export type Options = NonceOptions<Purpose>

/** 64 bytes, as many as HS512 wants. */
export const secretOf = (id: string, text: string = id || 'first'): { readonly id: string; readonly secret: string } => ({
  id,
  secret: text.padEnd(64, '.'),
})

/** Options that hold; `changes` replaces some. */
export function optionsOf(changes: object = {}): Options {
  const now = fixedClock(startsAt).now
  const options = {
    issuer,
    audience: 'form',
    lifetimeSeconds: 300,
    store: memoryStores({ now }).nonces,
    secrets: { current: secretOf('a') },
    purposes: { login: { audiences: ['form', 'app'] }, sms: { audiences: ['form'] } },
    now,
    ...changes,
  }
  return options
}

export interface Running {
  readonly nonces: Nonces<Purpose>
  readonly stores: Stores
  readonly clock: FixedClock
}

/** Nonces over a memory store, both under one clock. */
export function startNonces(changes: object = {}): Running {
  const clock = fixedClock(startsAt)
  const stores = memoryStores({ now: clock.now })
  return { nonces: createNonces(optionsOf({ store: stores.nonces, now: clock.now, ...changes })), stores, clock }
}

/** A token that was issued. */
export async function issued(nonces: Pick<Nonces<Purpose>, 'issue'>, clientId = 'client-1', subject: object = {}): Promise<string> {
  const outcome = await nonces.issue({ clientId, ...subject })
  if (!outcome.ok) throw new Error(`not issued: ${outcome.refusal.reason}`)
  return outcome.token
}

/** `'spent'`, or the status and the reason of the refusal. */
export async function spending(
  nonces: Nonces<Purpose>,
  token: unknown,
  purpose: Purpose = 'login',
  binding?: { readonly clientId: unknown },
): Promise<string> {
  const outcome = await nonces.spend(token as string, purpose, binding as { clientId: string } | undefined)
  return outcome.ok ? 'spent' : `${outcome.refusal.status} ${outcome.refusal.reason}`
}

export interface Decoded {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** Header and claims of a token, unverified. */
export function decoded(token: string): Decoded {
  const [header, claims] = token
    .split('.')
    .slice(0, 2)
    .map((segment) => JSON.parse(Buffer.from(segment, 'base64url').toString()) as Decoded['claims'])
  return { header: header ?? {}, claims: claims ?? {} }
}

/** A token with other members in header or claims, signed with HMAC; an undefined member is left out. */
export function resigned(token: string, changes: { header?: object; claims?: object; secret?: string; hash?: string }): string {
  const { header, claims } = decoded(token)
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ ...header, ...changes.header })}.${encode({ ...claims, ...changes.claims })}`
  const mac = createHmac(changes.hash ?? 'sha512', changes.secret ?? secretOf('a').secret)
  return `${input}.${mac.update(input).digest('base64url')}`
}

/** A store that counts what it is asked, and that goes down. */
export interface WatchedStore extends NonceStore {
  readonly asked: string[]
  isDown: boolean
}

export function watched(store: NonceStore): WatchedStore {
  const result: WatchedStore = {
    asked: [],
    isDown: false,
    async remember(jti, record) {
      result.asked.push('remember')
      if (result.isDown) throw new Error('connection refused')
      return store.remember(jti, record)
    },
    async spend(jti, purpose, binding) {
      result.asked.push('spend')
      if (result.isDown) throw new Error('connection refused')
      return store.spend(jti, purpose, binding)
    },
    async undo(jti, callId) {
      result.asked.push('undo')
      if (result.isDown) throw new Error('connection refused')
      return store.undo(jti, callId)
    },
  }
  return result
}

/** What a channel carries from now on. */
export function recorded<N extends keyof Events>(name: N): Events[N][] {
  const messages: Events[N][] = []
  onTestFinished(onEvent(name, (message) => messages.push(message)))
  return messages
}
