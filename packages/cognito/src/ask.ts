import { askInTime, Unavailable } from '@countersign/core'
import { type Failure, failureOf, type NamedError } from './failures.js'

/** An answer of Cognito, or what its error means. */
export type Asked<Output> = { readonly ok: true; readonly output: Output } | { readonly ok: false; readonly failure: Failure }

/** What is sent with every call. */
interface SendOptions {
  readonly abortSignal: AbortSignal
}

/** How a call is made. */
interface AskOptions {
  /**
   * Whether once more is harmless after an error of the network or of Cognito. Never for passwords and codes: an attempt that
   * got there counts, and sends a second mail.
   */
  readonly isRepeatable?: boolean
}

/** Makes one call. Rejects with `Unavailable` for an outage and for what is set up wrongly. */
export type Ask = <Output>(call: (options: SendOptions) => Promise<Output>, options?: AskOptions) => Promise<Asked<Output>>

/** An outage, or a setting that makes every call fail: never the person's fault. */
export function cannotAsk(cause: unknown, retryAfterSeconds = 1): Unavailable {
  return new Unavailable('authenticator_unavailable', { cause, retryAfterSeconds })
}

function named(error: unknown): NamedError {
  return error instanceof Error ? error : { name: '', message: '' }
}

/** Whether the call failed on the way, or in Cognito; one that took too long is not made again. */
function isPassing(error: unknown): boolean {
  if (['AbortError', 'TimeoutError'].includes(named(error).name)) return false
  const status = (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode
  return status === undefined || status >= 500
}

/** Makes calls that take `timeoutMs` at most. */
export function createAsk(timeoutMs: number): Ask {
  return async (call, { isRepeatable = false } = {}) => {
    const once = async () =>
      ({ ok: true, output: await askInTime((abortSignal) => call({ abortSignal }), { milliseconds: timeoutMs, isRepeatable }) }) as const
    const judge = (error: unknown) => {
      const failure = failureOf(named(error))
      if (failure === undefined) throw cannotAsk(error)
      return { ok: false, failure } as const
    }
    try {
      return await once()
    } catch (error) {
      if (!isRepeatable || !isPassing(error)) return judge(error)
      return once().catch(judge)
    }
  }
}
