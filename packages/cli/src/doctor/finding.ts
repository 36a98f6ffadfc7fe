/** What the doctor says about one thing. */
export interface Finding {
  /** What was looked at, for instance `redis`. */
  readonly part: string
  readonly level: 'ok' | 'warning' | 'problem'
  readonly message: string
}

/** Takes findings. */
export interface Findings {
  ok(part: string, message: string): void
  warn(part: string, message: string): void
  problem(part: string, message: string): void
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** An error and its causes, in one line. The password of an URL is left out. */
export function causesOf(error: unknown): string {
  const messages: string[] = []
  for (let at: unknown = error; at !== undefined && messages.length < 4; at = at instanceof Error ? at.cause : undefined) {
    const inner = at instanceof AggregateError && at.message === '' ? messageOf(at.errors[0]) : messageOf(at)
    if (inner !== '' && !messages.includes(inner)) messages.push(inner)
  }
  return messages.join(': ').replaceAll(/\/\/[^/\s@]+@/g, '//…@')
}

/** Rejects after some milliseconds, so that a server that says nothing is named. */
export async function inTime<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  const late = AbortSignal.timeout(milliseconds)
  return Promise.race([
    work,
    new Promise<never>((_, reject) => late.addEventListener('abort', () => reject(new Error(`no answer within ${milliseconds / 1000} s`)))),
  ])
}
