/** What a guard noted of requests: each note counts for the very object that it was made for. */
export interface Judgements<J extends object> {
  /** Replaces what was noted before. */
  note(request: object, judgement: J): void
  of(request: object): J | undefined
}

/**
 * Notes in a member whose name nobody else has: a WeakMap would cost a request more than the look-up of its token. A copy, an
 * heir or a proxy of a request has the member as well, so it answers for its own request only; and it is a function, so
 * that no log shows what the token says.
 */
export function createJudgements<J extends object>(): Judgements<J> {
  const name = Symbol('countersign')
  type Noted = { [name]?: (asked: object) => J | undefined }
  /** Of requests that take no member. */
  const others = new WeakMap<object, J>()
  return {
    note(request, judgement) {
      try {
        ;(request as Noted)[name] = (asked) => (asked === request ? judgement : undefined)
      } catch {
        others.set(request, judgement)
      }
    },
    of: (request) => others.get(request) ?? (request as Noted)[name]?.(request),
  }
}
