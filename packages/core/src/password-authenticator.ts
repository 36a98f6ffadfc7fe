import type { WireRequest } from './http.js'

/** Tokens of another issuer that are passed on as they are. */
export interface IssuedElsewhere {
  readonly accessToken: string
  readonly expiresInSeconds: number
  readonly refreshToken?: string
}

/** A person who proved who they are. */
export interface SignedIn {
  readonly outcome: 'signed_in'
  /** Who it is, for ever and to nobody else; never an address that may change hands. */
  readonly subject: string
  /** How (RFC 8176). */
  readonly amr: readonly string[]
  readonly acr?: string
  /** When, in epoch seconds. @defaultValue now */
  readonly authTime?: number
  /** Further claims of the access token. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** At the end of a challenge that came with one: what it is now. Another one than then ends the sign-in. */
  readonly passwordVersion?: string | number
  /** Where the tokens are made elsewhere. */
  readonly issued?: IssuedElsewhere
}

/** A code that is about to be sent. */
export interface CodeToSend {
  /**
   * What the state of the challenge is sealed with while the code is open: a secret of the user that is not in the stores and that
   * changes with the password, such as the hash of it.
   */
  readonly sealedWith: string
  /** Sends it. It is not called where an earlier code of the user is still open, or where too many were sent. */
  send(): Promise<void>
}

/** Something more has to be answered, for instance a code. */
export interface SignInChallenge {
  readonly outcome: 'challenge'
  /** Ways to answer; one will do. */
  readonly types: readonly string[]
  /** Whose guesses are counted: stays the same across challenges. */
  readonly user: string
  /** What the authenticator needs to judge the answer; kept on our side. */
  readonly state: string
  /**
   * Which password it was, in a way that changes with it: a number of the host's, a time, a digest of its hash. The sign-in at the
   * end has to say it again. Who gives none has to refuse an answer by itself when the password was changed meanwhile.
   */
  readonly passwordVersion?: string | number
  /** After that the authenticator takes no answer any more. @defaultValue no such limit */
  readonly expiresInSeconds?: number
  /** A code that belongs to `state` and was not sent yet. @defaultValue none: nothing is sent, or it was sent already */
  readonly code?: CodeToSend
  /** Whether a message was sent with this step, so that it counts for the budget of codes. @defaultValue false */
  readonly wasSent?: boolean
  /** Whether an answer may have a message sent, for instance because it chooses how. @defaultValue false */
  readonly answerSends?: boolean
}

/** Nobody may learn whether the person is unknown, disabled, or the password wrong. */
export interface SignInRefused {
  readonly outcome: 'refused'
}

/** The state of a sign-in. `throttled`: by the authenticator itself. */
export type SignInStep = SignedIn | SignInChallenge | SignInRefused | { readonly outcome: 'throttled'; readonly retryAfterSeconds: number }

/** The result of an answer. `wrong_code` may be answered again, with the state that it gives. */
export type AnswerStep = SignInStep | { readonly outcome: 'wrong_code'; readonly state: string }

/** Checks passwords and the answers to later challenges. The caller counts attempts. Both methods reject only for an outage. */
export interface PasswordAuthenticator {
  start(credentials: { readonly username: string; readonly password: string; readonly request: WireRequest }): Promise<SignInStep>
  /**
   * For an authenticator whose `start` has messages sent by somebody else: a digest of the password under a key that is not in the stores.
   * By it a caller recognises a sign-in that it began, and goes on with the code that is open instead of calling `start` again.
   */
  recognise?(password: string): string
  /** @param answer - `type` is one of the challenge's types, where the request says which */
  answerChallenge(answer: {
    readonly state: string
    readonly type: string | undefined
    readonly code: string
    readonly request: WireRequest
  }): Promise<AnswerStep>
}

/** Refreshes tokens of another issuer, for instance of a user pool. Rejects for a fault of ours only. */
export interface RefreshProvider {
  /** The grant type by which its tokens are obtained: clients that may not use it refresh none. @defaultValue any client refreshes */
  readonly grantType?: string
  /** Judges the shape alone; nothing is asked. */
  accepts(token: string): boolean
  refresh(presented: { readonly token: string; readonly request: WireRequest }): Promise<Exclude<SignInStep, SignInChallenge>>
}
