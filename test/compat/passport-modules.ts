import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'

/** A function that finds the token of a request. */
export type Extractor = (req: IncomingMessage) => string | null

/** Something that passport takes. */
export interface Strategy {
  readonly name?: string
}

/** The part of passport that is called. It comes without types. */
export interface Passport {
  use(strategy: Strategy): Passport
  authenticate(name: string, options: object, callback?: never): RequestHandler
}

const load = createRequire(import.meta.url)

interface Modules {
  readonly passport: { readonly Authenticator: new () => Passport }
  readonly jwt: {
    readonly Strategy: new (options: object, verify: unknown) => Strategy
    readonly ExtractJwt: {
      fromAuthHeaderAsBearerToken(): Extractor
      fromUrlQueryParameter(name: string): Extractor
      fromExtractors(list: readonly Extractor[]): Extractor
    }
  }
}

const modules = { passport: load('passport') as Modules['passport'], jwt: load('passport-jwt') as Modules['jwt'] }

/** The class whose instance is `passport`. */
export const { Authenticator } = modules.passport
/** The old strategy. */
export const { Strategy: JwtStrategy, ExtractJwt: extractors } = modules.jwt
