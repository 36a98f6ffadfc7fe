import { type RecordCodec, recordCodec, type SignInChallenge } from '@countersign/core'

/** Where an open code is kept, and what opens its record. */
export interface Place {
  readonly place: string
  /** 32 bytes in base64url. */
  readonly key: string
}

/** A code that was sent and not used yet, as a challenge refers to it. */
export interface OpenCode extends Place {
  readonly id: string
}

/** What is kept of it. */
export interface OpenCodeRecord extends Pick<SignInChallenge, 'types' | 'user' | 'state'> {
  readonly v: 1
  readonly id: string
  /** Epoch milliseconds; 0 for a code that is over, whose user is still recognised. */
  readonly endsAt: number
  /** As it was typed, where the authenticator recognises sign-ins by themselves. */
  readonly username?: string
}

/** What lies between a password and the answer to its challenge. */
export interface ChallengeRecord {
  readonly v: 1
  readonly user: string
  /** As counted. */
  readonly username: string
  readonly types: readonly string[]
  /** The authenticator's. */
  readonly state: string
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  /** Answers that are left, unless they are counted for the code. */
  readonly attemptsLeft: number
  /** The code that answers it, which other challenges of the user share. */
  readonly code?: OpenCode
  /** Whether an answer may have a message sent. */
  readonly answerSends?: boolean
  /** Of the authenticator, when the password was right. */
  readonly passwordVersion?: string | number
  /** When that was, in epoch seconds. */
  readonly startedAt?: number
  /** Epoch milliseconds. */
  readonly endsAt: number
  /** Id of the putting back of a record that was taken before. */
  readonly putBack?: string
}

// Stored names never change, also when a member gets another name.

const storedOpenCode: RecordCodec<OpenCode> = recordCodec({ id: 'id', place: 'place', key: 'key' })

export const storedChallenge: RecordCodec<ChallengeRecord> = recordCodec({
  v: 'v',
  user: 'user',
  username: 'username',
  types: 'types',
  state: 'state',
  scopes: 'scopes',
  audiences: 'audiences',
  attemptsLeft: 'attemptsLeft',
  code: ['code', storedOpenCode],
  answerSends: 'answerSends',
  passwordVersion: 'passwordVersion',
  startedAt: 'startedAt',
  endsAt: 'endsAt',
  putBack: 'putBack',
})

export const storedOpenCodeRecord: RecordCodec<OpenCodeRecord> = recordCodec({
  v: 'v',
  id: 'id',
  types: 'types',
  user: 'user',
  state: 'state',
  endsAt: 'endsAt',
  username: 'username',
})
