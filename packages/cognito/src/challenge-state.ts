import { type RecordCodec, recordCodec } from '@countersign/core'
import { cannotAsk } from './ask.js'
import { challengeRow, typeOf } from './challenge-names.js'

/** What lies between a challenge and its answer. Kept on our side: the session of Cognito never leaves it. */
export interface ChallengeState {
  readonly v: 1
  /** Cognito's name of the challenge. */
  readonly name: string
  readonly session: string
  /** The pool's own name of the user: what Cognito's calls and SECRET_HASH take. */
  readonly username: string
  /** Cognito's names of what may be chosen; empty where nothing is to be. */
  readonly choices: readonly string[]
  /** Methods that were proved before (RFC 8176). */
  readonly amr: readonly string[]
}

/** Stored names never change, also when a member gets another name. */
const storedState: RecordCodec<ChallengeState> = recordCodec({
  v: 'v',
  name: 'name',
  session: 'session',
  username: 'username',
  choices: 'choices',
  amr: 'amr',
})

/** The JSON text of a state. */
export const stateText = (state: ChallengeState): string => JSON.stringify(storedState.toRecord(state))

/** The state of a text. */
export const stateOf = (text: string): ChallengeState => storedState.fromRecord(JSON.parse(text) as object)

/** A challenge in a reply of Cognito. */
export interface ChallengeReply {
  readonly ChallengeName?: string | undefined
  readonly ChallengeParameters?: Readonly<Record<string, string>> | undefined
  readonly Session?: string | undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw cannotAsk(cause)
  }
}

function listOf(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return []
  const list = parsed(text)
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : []
}

/**
 * Reads a challenge. Undefined: one that the user has to settle elsewhere, because a factor is to be set up first.
 *
 * @throws Unavailable for a challenge that cannot be answered here, for any user
 */
export function readChallenge(
  reply: ChallengeReply & { readonly ChallengeName: string },
  before: Pick<ChallengeState, 'username' | 'amr'>,
): ChallengeState | undefined {
  const { ChallengeName: name, ChallengeParameters: parameters = {}, Session: session } = reply
  if (name === 'MFA_SETUP') return undefined
  const choices = name === 'SELECT_MFA_TYPE' ? listOf(parameters.MFAS_CAN_CHOOSE).filter((one) => challengeRow(one)) : []
  const isKnown = challengeRow(name) !== undefined || choices.length > 0
  if (!isKnown || typeof session !== 'string') throw cannotAsk(new Error(`Cognito asks for ${name}, which has no answer here`))
  if (name === 'NEW_PASSWORD_REQUIRED' && listOf(parameters.requiredAttributes).length > 0)
    throw cannotAsk(new Error('Cognito asks for attributes beside the new password: give them to the user beforehand'))
  const username = parameters.USER_ID_FOR_SRP ?? parameters.USERNAME ?? before.username
  return { v: 1, name, session, username, choices, amr: before.amr }
}

/** Ways to answer. */
export function typesOf({ name, choices }: ChallengeState): readonly string[] {
  const names = choices.length > 0 ? choices : [name]
  return [...new Set(names.flatMap((one) => typeOf(one) ?? []))]
}
