import { checkOptions, kind, type OptionShape, shownValue } from '@countersign/core'
import type { ExpressRequest } from '../wire.js'

/** Options of {@link CountersignStrategy}: those of `passport-jwt` that say where things are. All others are options of the guard. */
export interface CountersignStrategyOptions<R extends ExpressRequest = ExpressRequest> {
  /** The name for `passport.authenticate`. @defaultValue `jwt` */
  readonly name?: string
  /** Finds the token of a request, for instance an extractor of `passport-jwt`. @defaultValue the Authorization field */
  readonly jwtFromRequest?: (req: R) => string | null | undefined
  /** Whether the callback gets the request first. @defaultValue false */
  readonly passReqToCallback?: boolean
}

const shape: OptionShape<CountersignStrategyOptions> = { name: kind.string, jwtFromRequest: kind.func, passReqToCallback: kind.flag }

const ofEntry = 'it belongs to the entry of an issuer, for instance jwks({ … })'
const ofKeys = 'keys belong to the entry of an issuer: jwks({ … }), jwksRsa({ client, … }) or staticKeys({ secrets, … })'
const advice = {
  secretOrKey: ofKeys,
  secretOrKeyProvider: ofKeys,
  algorithms: ofEntry,
  audience: ofEntry,
  issuer: ofEntry,
  jsonWebTokenOptions: 'the entry of an issuer has clockToleranceSeconds and maxAgeSeconds',
  ignoreExpiration: 'a token that expired is always refused',
}

/** @throws TypeError for an option that is unknown or wrong, or a callback that is not a function */
export function checkStrategyOptions(options: unknown, verify: unknown): void {
  checkOptions<CountersignStrategyOptions>('CountersignStrategy', options, shape, advice)
  if (typeof verify !== 'function')
    throw new TypeError(`CountersignStrategy: the verify callback must be a function of the claims and done, got ${shownValue(verify)}`)
}
