import { encodeSegment, testKeys } from '@countersign/testkit'
import { ownKey, poolKeys, type World } from './world.js'

/** One request to every app, and what must come back. */
export interface Scene {
  readonly sent: string
  readonly path: '/me' | '/patients' | '/jobs'
  /** Undefined sends no credentials. */
  readonly token: () => Promise<string | undefined>
  readonly status: 200 | 401 | 403 | 503
  /** What the diagnostics channels must say: the reason of the refusal, or `accepted as` and the issuer's name. */
  readonly reason: string
  /** What they must say beside that. */
  readonly remark?: Remark
  readonly note?: string
}

/** What happened on the way to an acceptance. */
export type Remark = 'keys fetched' | 'fetch failed' | 'from the cache'

/** Scenes that belong together. `prepare` happens before the first. */
export interface Act {
  readonly title: string
  readonly prepare?: () => Promise<void> | void
  readonly scenes: readonly Scene[]
}

type Token = Scene['token']

const job = { sub: 'job-1', client_id: 'batch', scope: 'jobs:read' }

/** A token for several scenes. */
function shared(make: Token): Token {
  let made: ReturnType<Token> | undefined
  return () => {
    made ??= make()
    return made
  }
}

const fromPool = { status: 200, reason: 'accepted as cognito' } as const
const fromOwn = { status: 200, reason: 'accepted as own' } as const

function goodTokens({ pool, own }: World): Act {
  const person = shared(() => pool.accessToken())
  const batch = shared(() => own.token({ claims: job }))
  return {
    title: 'Two issuers, one API',
    scenes: [
      { sent: 'token of the user pool', path: '/me', token: person, ...fromPool, remark: 'keys fetched' },
      { sent: 'the same token again', path: '/patients', token: person, ...fromPool, remark: 'from the cache' },
      { sent: 'token of our own', path: '/me', token: batch, ...fromOwn },
      { sent: 'token of our own, with the scope', path: '/jobs', token: batch, ...fromOwn },
      { sent: 'token without that scope', path: '/jobs', token: person, status: 403, reason: 'insufficient_scope' },
      { sent: 'token of the other issuer', path: '/patients', token: batch, status: 403, reason: 'wrong_issuer' },
    ],
  }
}

function badTokens({ pool, own }: World): Act {
  const claims = { iss: own.issuer, aud: own.audience, exp: 4_000_000_000, ...job }
  const unsigned = `${encodeSegment({ alg: 'none', typ: 'at+jwt' })}.${encodeSegment(claims)}.`
  const borrowed = async (): Promise<string> => unsigned + (await own.token()).split('.')[2]
  const elsewhere = { aud: 'https://other.example' }
  const stranger = { ...testKeys.es256Other, kid: ownKey.kid }
  const bad = (sent: string, reason: string, token: Token): Scene => ({ sent, path: '/me', token, status: 401, reason })
  return {
    title: 'Refused, each for its own reason',
    scenes: [
      bad('no credentials', 'no_credentials', async () => undefined),
      bad('wrong audience', 'audience', () => own.token({ claims: elsewhere })),
      bad('expired', 'expired', () => pool.accessToken({ lifetimeSeconds: -60 })),
      bad('alg: none, without a signature', 'malformed', async () => unsigned),
      bad('alg: none, with a borrowed signature', 'algorithm', borrowed),
      bad('somebody else behind the name own-1', 'signature', () => own.token({ key: stranger })),
      {
        ...bad('key of the pool, claims of our own', 'unknown_key', () => own.token({ key: poolKeys[0] })),
        note: 'a key counts for its own issuer only',
      },
      bad('issuer that nobody named', 'unknown_issuer', () => own.token({ claims: { iss: 'https://evil.example' } })),
    ],
  }
}

function keyChanges({ pool, revocations }: World): Act {
  const [first, second] = poolKeys
  return {
    title: 'The user pool rotates its key; then we revoke the old one',
    prepare: () => {
      pool.addKey(second)
    },
    scenes: [
      {
        sent: 'token by the new key pool-2',
        path: '/me',
        token: () => pool.accessToken({ key: second }),
        ...fromPool,
        remark: 'keys fetched',
      },
      { sent: 'token by the old key pool-1', path: '/me', token: () => pool.accessToken({ key: first }), ...fromPool },
      {
        sent: 'the old key, revoked',
        path: '/me',
        token: () => {
          revocations.revoke({ type: 'signing_key', issuer: pool.issuer, kid: first.kid })
          return pool.accessToken({ key: first })
        },
        status: 401,
        reason: 'revoked_key',
        note: 'the pool still publishes it',
      },
    ],
  }
}

function outage({ pool, passTime }: World): Act {
  const [, second, third] = poolKeys
  return {
    title: 'The user pool goes down, and its keys in memory run out',
    prepare: async () => {
      await pool.stop()
      passTime(400)
    },
    scenes: [
      {
        sent: 'token by a known key',
        path: '/me',
        token: () => pool.accessToken({ key: second }),
        ...fromPool,
        remark: 'fetch failed',
        note: 'stale keys still serve',
      },
      {
        sent: 'token by a key never seen',
        path: '/me',
        token: () => pool.accessToken({ key: third }),
        status: 503,
        reason: 'key_source_unavailable',
        note: 'our trouble, so never a 401',
      },
    ],
  }
}

function recovery({ pool, passTime }: World): Act {
  const [, , third] = poolKeys
  return {
    title: 'It comes back',
    prepare: async () => {
      pool.addKey(third)
      await pool.restart()
      passTime(60)
    },
    scenes: [
      {
        sent: 'the key never seen before',
        path: '/me',
        token: () => pool.accessToken({ key: third }),
        ...fromPool,
        remark: 'keys fetched',
      },
    ],
  }
}

/** The whole play, in order. */
export function acts(world: World): readonly Act[] {
  return [goodTokens(world), badTokens(world), keyChanges(world), outage(world), recovery(world)]
}
