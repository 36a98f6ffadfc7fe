import type { Cognito, CognitoSignIn } from '@countersign/cognito'
import type { Auth, JwtClaims, Requirement, WireHeaders } from '@countersign/core'
import type { CognitoAccessClaims } from '@countersign/verifier'
import type { Seed } from './seed.js'
import type { SignIns } from './sign-ins.js'

/** A token of Cognito, or one of ours. */
export type NerisAuth = Auth<'people', CognitoAccessClaims> | Auth<'neris', JwtClaims>

/** What we know of people beside their tokens. */
export interface People {
  /** To be demanded wherever the rest is asked: Cognito answers for a token, not for its claims. Admits everybody. */
  readonly noted: Requirement<NerisAuth>
  /** Records a sign-in at our token endpoint. */
  signedIn(person: CognitoSignIn): Promise<void>
  /** Whether it is the token of a person who acts for the entity. */
  actFor(auth: NerisAuth, entity: string): Promise<boolean>
  /** Whether the person signed in with a second factor, or has one: Cognito lets nobody in without it then. */
  haveMfa(auth: NerisAuth): Promise<boolean>
}

/** What {@link createPeople} needs. */
export interface PeopleOptions {
  readonly seed: Seed
  readonly signIns: SignIns
  readonly cognito: () => Pick<Cognito, 'mfaSettings' | 'verifiedEmail'>
}

function bearerOf(field: unknown): string {
  return typeof field === 'string' ? field.slice(field.indexOf(' ') + 1).trim() : ''
}

/**
 * Knows people by their names and ids in the pool, compared exactly, and by the addresses that the pool verified. What they
 * typed to sign in counts for nothing: a name may be spelt in several ways.
 */
export function createPeople({ seed, signIns, cognito }: PeopleOptions): People {
  const byName = new Map(seed.users.map(({ username, entities }) => [username, entities]))
  const byAddress = new Map(seed.users.map(({ username, entities }) => [username.toLowerCase(), entities]))
  // A guard gives one object for one token, as long as it has it.
  const tokens = new WeakMap<NerisAuth, string>()

  return {
    noted: (auth, request) => {
      // Routes are given Express's request.
      tokens.set(auth, bearerOf((request as { readonly headers: WireHeaders }).headers.authorization))
      return undefined
    },
    async signedIn({ claims, amr }) {
      await signIns.record(claims, { hasMfa: amr.includes('mfa') })
    },
    async actFor(auth, entity) {
      if (auth.via !== 'people') return false
      const { sub, username = '' } = auth.claims
      if (byName.get(username)?.includes(entity) === true || byName.get(sub)?.includes(entity) === true) return true
      const address = await cognito().verifiedEmail(tokens.get(auth) ?? '')
      return address !== undefined && byAddress.get(address.toLowerCase())?.includes(entity) === true
    },
    async haveMfa(auth) {
      if (auth.via !== 'people') return false
      const signIn = await signIns.find(auth.claims)
      if (signIn?.hasMfa === true) return true
      return (await cognito().mfaSettings(tokens.get(auth) ?? '')).length > 0
    },
  }
}
