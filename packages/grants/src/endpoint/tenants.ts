import { checkOptions, type Endpoint, eventChannel, kind, type OptionShape, type WireRequest } from '@countersign/core'
import { refused, type TokenRefused } from '../refusal.js'
import { clientEndpointShape } from './endpoint-options.js'
import { orRefused, rfc6749, type TokenDialect, tokenReply } from './reply.js'

/** Options of {@link createTenantEndpoint}. */
export interface TenantEndpointOptions {
  /** All issuers that there are: what `issuerOf` answers beside them is refused. */
  readonly issuers: readonly string[]
  /**
   * Which of them a request is for, by the path for instance. All parts of a request, also its `Host` header, come from the client:
   * only an answer that is one of `issuers`, letter by letter, counts.
   */
  readonly issuerOf: (request: WireRequest) => string | undefined | Promise<string | undefined>
  /** Makes the endpoint of an issuer, once, at start-up; for instance by `createTokenEndpoint({ issuer, signer: signers[issuer], … })`. */
  readonly endpoint: (issuer: string) => Endpoint
  /** Words the refusal. @defaultValue `rfc6749` */
  readonly dialect?: TokenDialect
}

const { dialect: dialectKind } = clientEndpointShape

const shape: OptionShape<TenantEndpointOptions> = {
  issuers: kind.required(kind.listOf(kind.string)),
  issuerOf: kind.required(kind.func),
  endpoint: kind.required(kind.func),
  dialect: dialectKind,
}

const events = eventChannel('countersign:token')

/**
 * One route for several issuers, each with an endpoint of its own. Tokens of one are nothing to the others.
 *
 * @throws TypeError if an option is missing or wrong, and what `endpoint` throws
 */
export function createTenantEndpoint(options: TenantEndpointOptions): Endpoint {
  checkOptions('createTenantEndpoint', options, shape)
  const { issuers, issuerOf, endpoint, dialect = rfc6749 } = options
  const again = issuers.find((issuer, at) => issuers.indexOf(issuer) < at)
  if (again !== undefined)
    throw new TypeError(`createTenantEndpoint: issuers must not have a duplicate, got ${JSON.stringify(again)} twice`)
  const endpoints: ReadonlyMap<string, Endpoint> = new Map(issuers.map((issuer) => [issuer, endpoint(issuer)]))

  const find = async (request: WireRequest): Promise<Endpoint | TokenRefused> =>
    endpoints.get((await issuerOf(request)) ?? '') ?? refused('unknown_tenant')

  return async (request) => {
    const startedAt = performance.now()
    const trace: { cause?: unknown } = {}
    const found = await orRefused(find(request), trace)
    if (typeof found === 'function') return found(request)
    const { cause } = trace
    const durationMs = performance.now() - startedAt
    if (events.hasSubscribers) events.publish({ outcome: found.refusal.reason, durationMs, ...(cause !== undefined && { cause }) })
    return tokenReply(found, { issuer: '', dialect, context: { grantType: undefined } })
  }
}
