import { graceMs, startDeadline } from './deadline.js'

/** How long a question may take, and whether it may be asked twice. */
export interface AskOptions {
  /** For the whole answer. */
  readonly milliseconds: number
  /** Whether asking twice does no harm. A question that changes something at the other system is not repeatable. */
  readonly isRepeatable: boolean
  /** Gives the question up as well. */
  readonly closing?: AbortSignal
}

/** One question with its outcome. `isOurs`: it failed while this process stood still, which is not a failure of the other system. */
type Asked<T> = { readonly ok: true; readonly answer: T } | { readonly ok: false; readonly cause: unknown; readonly isOurs: boolean }

async function askOnce<T>(ask: (signal: AbortSignal) => Promise<T>, options: AskOptions, isLast: boolean): Promise<Asked<T>> {
  const { milliseconds, closing } = options
  closing?.throwIfAborted()
  const controller = new AbortController()
  const givenUp = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error))
  })
  const giveUp = (): void => controller.abort(new DOMException(`no whole answer within ${milliseconds} ms`, 'TimeoutError'))
  const deadline = startDeadline(giveUp, milliseconds, isLast ? undefined : graceMs).unref()
  // AbortSignal.any() would leave something behind on `closing` with every question.
  const close = (): void => controller.abort(closing?.reason)
  closing?.addEventListener('abort', close)
  try {
    return { ok: true, answer: await Promise.race([ask(controller.signal), givenUp]) }
  } catch (cause) {
    return { ok: false, cause, isOurs: deadline.stoodStill() && closing?.aborted !== true }
  } finally {
    deadline.stop()
    closing?.removeEventListener('abort', close)
  }
}

/**
 * Asks another system under one deadline for the whole answer: a server that drips bytes is not alive. A question that fails while this
 * process stands still (SIGSTOP, a frozen Lambda function, a machine that sleeps) is asked once more if it is repeatable: the answer may
 * be lost with its connection, and the other system was never down.
 *
 * @param ask - called once, or twice; it is given up at the deadline, whether or not it heeds the signal
 * @throws what `ask` rejects with, or an error that names the deadline, or the reason of `closing`
 */
export async function askInTime<T>(ask: (signal: AbortSignal) => Promise<T>, options: AskOptions): Promise<T> {
  const first = await askOnce(ask, options, !options.isRepeatable)
  const last = !first.ok && first.isOurs && options.isRepeatable ? await askOnce(ask, options, true) : first
  if (last.ok) return last.answer
  throw last.cause
}
