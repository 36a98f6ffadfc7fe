import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { ruleAdvice } from '@countersign/core/compat'
import type { KoaContext } from '../wire.js'

/** The part of Koa's context that {@link koaJwt} uses beyond that of `protect`. */
export interface KoaJwtContext extends KoaContext {
  readonly url: string
  state: Record<string, unknown>
  throw(status: number, message: string, properties: object): never
}

/** Options of {@link koaJwt}: those of `koa-jwt` that say where things are. All others are options of the guard. */
export interface KoaJwtOptions<C extends KoaJwtContext = KoaJwtContext> {
  /** The member of `ctx.state` that gets the claims. @defaultValue `user` */
  readonly key?: string
  /** The member of `ctx.state` that gets the token itself. @defaultValue none */
  readonly tokenKey?: string
  /** Whether a request without a token goes on, with `ctx.state.jwtOriginalError`. A bad token is refused. @defaultValue false */
  readonly passthrough?: boolean
  /** Whether a request with a bad token goes on too, as with `passthrough` of `koa-jwt`: the handler must look at the error. @defaultValue false */
  readonly passthroughInvalid?: boolean
  /** Finds the token of a request; nothing means that it is in the Authorization field. */
  readonly getToken?: (ctx: C) => string | null | undefined
}

const shape: OptionShape<KoaJwtOptions> = {
  key: kind.string,
  tokenKey: kind.string,
  passthrough: kind.flag,
  passthroughInvalid: kind.flag,
  getToken: kind.func,
}

const advice = {
  ...ruleAdvice,
  cookie: 'use getToken: (ctx) => ctx.cookies.get(name)',
  debug: 'a client never gets the reason; the error has originalError, and the event countersign:refused has the reason',
}

/** @throws TypeError for an option that is unknown or wrong */
export function checkKoaJwtOptions(options: unknown): void {
  checkOptions<KoaJwtOptions>('koaJwt', options, shape, advice)
}
