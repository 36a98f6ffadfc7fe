import { createHmac } from 'node:crypto'
import { isSameSecret, lengthPrefixed, type Now, type RotatingSecrets } from '@countersign/core'
import type { ConsoleOperator } from '../screen/user.js'

/** Whose form it is. */
type Whose = Pick<ConsoleOperator, 'id' | 'session'>

/** What a token of a form says. */
export interface FormToken {
  /** Of this form alone. */
  readonly id: string
  /** Epoch milliseconds. */
  readonly issuedAtMs: number
}

/** Tokens against forged requests: each form has one, and it holds for one person in one session. */
export interface FormTokens {
  make(whose: Whose): string
  /** Undefined for a token of somebody else, of another session, or one that is too old. */
  read(token: string | undefined, whose: Whose): FormToken | undefined
  /** The value of the cookie that goes with the forms. */
  cookie(whose: Whose): string
  isCookie(value: string | undefined, whose: Whose): boolean
}

/** How long a form can be sent. */
export const formLifetimeSeconds: number = 12 * 3600
const maxFutureMs = 60_000

/** Tokens that any process with the same secrets accepts. */
export function createFormTokens(options: {
  readonly secrets: () => RotatingSecrets
  readonly now: Now
  readonly randomBytes: (size: number) => Buffer
}): FormTokens {
  const { secrets, now, randomBytes } = options

  function mac(secret: string | Uint8Array, purpose: string, { id, session = '' }: Whose, more: readonly string[] = []): Buffer {
    return createHmac('sha256', secret)
      .update(lengthPrefixed('countersign console', purpose, id, session, ...more))
      .digest()
  }

  const all = (): readonly (string | Uint8Array)[] => {
    const { current, previous = [] } = secrets()
    return [current, ...previous].map(({ secret }) => secret)
  }
  const isOneOf = (sent: string, purpose: string, whose: Whose, more?: readonly string[]): boolean =>
    all().some((secret) => isSameSecret(Buffer.from(sent, 'base64url'), mac(secret, purpose, whose, more)))

  return {
    make(whose) {
      const id = randomBytes(16).toString('base64url')
      const issuedAt = String(Math.floor(now()))
      return `${id}.${issuedAt}.${mac(secrets().current.secret, 'form', whose, [id, issuedAt]).toString('base64url')}`
    },
    read(token, whose) {
      const [, id = '', issuedAt = '', sent = ''] = /^([\w-]{22})\.(\d{1,15})\.([\w-]{43})$/.exec(token ?? '') ?? []
      if (id === '' || !isOneOf(sent, 'form', whose, [id, issuedAt])) return undefined
      const ageMs = now() - Number(issuedAt)
      return ageMs <= formLifetimeSeconds * 1000 && ageMs >= -maxFutureMs ? { id, issuedAtMs: Number(issuedAt) } : undefined
    },
    cookie: (whose) => mac(secrets().current.secret, 'cookie', whose).toString('base64url'),
    isCookie: (value, whose) => value !== undefined && isOneOf(value, 'cookie', whose),
  }
}
