function warn(cause: unknown): void {
  process.emitWarning(cause instanceof Error ? cause : new Error('a listener threw', { cause }))
}

/**
 * Calls a listener of the host's. Who watches must not decide: what a listener throws, or what its promise rejects with, becomes a warning
 * of the process. Without this, a listener that throws could keep others from being told, fail the operation that it is told of, or end the process.
 *
 * @param listener - called once, at once
 * @example
 * callListener(() => {
 *   throw new Error('the log is full') // a warning of the process
 * })
 */
export function callListener(listener: () => unknown): void {
  try {
    const answer = listener()
    if (answer instanceof Promise) answer.catch(warn)
  } catch (cause) {
    warn(cause)
  }
}
